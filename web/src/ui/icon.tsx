/** Icons, drawn with one path each. */

const PATHS = {
  back: "M5 12h14M11 6l-6 6 6 6",
  box: "M4 8V5a1 1 0 0 1 1-1h3M16 4h3a1 1 0 0 1 1 1v3M20 16v3a1 1 0 0 1-1 1h-3M8 20H5a1 1 0 0 1-1-1v-3",
  browse: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  check: "M5 12.500l4.500 4.500L19 7.500",
  close: "M6 6l12 12M18 6 6 18",
  copy: "M9 9h10v11H9zM5 15V4h10",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  filter: "M4 6h16M7 12h10M10 18h4",
  fit: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  grid: "M4 5h16v6H4zM4 13h7v6H4zM13 13h7v6h-7z",
  import: "M12 15V4M7 9l5-5 5 5M5 20h14",
  info: "M12 11v6M12 7.500v.1M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z",
  keys: "M3 7h18v10H3zM7 10.500v.1M11 10.500v.1M15 10.500v.1M17 13.500v.1M7 13.500v.1M10 13.500h4",
  layers: "M12 4 3 9l9 5 9-5zM4 14l8 4.500 8-4.500",
  map: "M4 6l5-2 6 2 5-2v14l-5 2-6-2-5 2zM9 4v14M15 6v14",
  near: "M12 21s6-6.200 6-10.700a6 6 0 0 0-12 0C6 14.800 12 21 12 21ZM12 12.500a2.200 2.200 0 1 0 0-4.400 2.200 2.200 0 0 0 0 4.400Z",
  next: "M9 5l7 7-7 7",
  picture: "M3 6a1 1 0 0 1 1-1h16a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1zM8.500 11.600a1.600 1.600 0 1 0 0-3.200 1.600 1.600 0 0 0 0 3.200ZM4 18l5.500-5 3.500 3 3-2.500 4.500 4",
  previous: "M15 5l-7 7 7 7",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM16 16l4.500 4.500",
  similar: "M9 4h11v11H9zM15 15v5H4V9h5",
  zoomIn: "M12 5v14M5 12h14",
  zoomOut: "M5 12h14",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** A button that is an icon; its name is told to whoever cannot see it, and as a hint. */
export function IconButton({ name, label, class: kind = "quiet", ...rest }: { name: IconName; label: string; class?: string; onClick: () => void; disabled?: boolean; "aria-pressed"?: boolean }) {
  return (
    <button type="button" class={kind} title={label} aria-label={label} {...rest}>
      <Icon name={name} />
    </button>
  );
}
