/** Icons, drawn with one path each. */

const PATHS = {
  back: "M5 12h14M11 6l-6 6 6 6",
  box: "M4 8V5a1 1 0 0 1 1-1h3M16 4h3a1 1 0 0 1 1 1v3M20 16v3a1 1 0 0 1-1 1h-3M8 20H5a1 1 0 0 1-1-1v-3",
  brush: "M18.300 3.200a1.900 1.900 0 0 1 2.600 2.600L13.500 14l-3.500-3.500ZM10 10.500c-2.600-.3-4.300 1.200-4.700 3.900-.3 2.400-1 3.700-2.300 4.600 3.200 1.900 9.300 1.600 10.500-5",
  browse: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  check: "M5 12.500l4.500 4.500L19 7.500",
  close: "M6 6l12 12M18 6 6 18",
  copy: "M9 9h10v11H9zM5 15V4h10",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  eraser: "M8.500 19.500h11M4.300 14.600l9-9a1.800 1.800 0 0 1 2.600 0l3.500 3.500a1.800 1.800 0 0 1 0 2.600l-7.800 7.800H8.500l-4.200-4.200a.5.5 0 0 1 0-.7ZM9.500 9.500l6 6",
  fill: "M9.500 3.500l9 9-6.800 6.800a1.500 1.500 0 0 1-2.100 0l-5.400-5.400a1.500 1.500 0 0 1 0-2.100l6.800-6.800M4 13h14M20.500 15.500c1 1.500 1.500 2.500 1.500 3.200a1.500 1.500 0 0 1-3 0c0-.7.5-1.700 1.500-3.200",
  filter: "M4 6h16M7 12h10M10 18h4",
  fit: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  grid: "M4 5h16v6H4zM4 13h7v6H4zM13 13h7v6h-7z",
  heat: "M4 16h4v4H4zM10 10h4v10h-4zM16 4h4v16h-4zM4 10h4v4H4zM10 4h4v4h-4z",
  import: "M12 15V4M7 9l5-5 5 5M5 20h14",
  info: "M12 11v6M12 7.500v.1M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z",
  keys: "M3 7h18v10H3zM7 10.500v.1M11 10.500v.1M15 10.500v.1M17 13.500v.1M7 13.500v.1M10 13.500h4",
  lasso: "M7.500 16.200C5 15 3.500 13 3.500 10.700 3.500 7 7.300 4 12 4s8.500 3 8.500 6.700-3.800 6.700-8.500 6.700c-.9 0-1.800-.1-2.600-.3M9.400 17.100a2 2 0 1 1-2.600-1.300 2 2 0 0 1 2.600 1.300c.3 1.500-.6 2.600-2.400 3.400",
  layers: "M12 4 3 9l9 5 9-5zM4 14l8 4.500 8-4.500",
  map: "M4 6l5-2 6 2 5-2v14l-5 2-6-2-5 2zM9 4v14M15 6v14",
  near: "M12 21s6-6.200 6-10.700a6 6 0 0 0-12 0C6 14.800 12 21 12 21ZM12 12.500a2.200 2.200 0 1 0 0-4.400 2.200 2.200 0 0 0 0 4.400Z",
  next: "M9 5l7 7-7 7",
  open: "M3 7a1 1 0 0 1 1-1h5l2 2.500h9a1 1 0 0 1 1 1V18a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1Z",
  picture: "M3 6a1 1 0 0 1 1-1h16a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1zM8.500 11.600a1.600 1.600 0 1 0 0-3.200 1.600 1.600 0 0 0 0 3.200ZM4 18l5.500-5 3.500 3 3-2.500 4.500 4",
  previous: "M15 5l-7 7 7 7",
  redo: "M16 4.500 20.500 9 16 13.500M20.500 9H9a5.500 5.500 0 0 0 0 11h3",
  review: "M12 21s6-6.200 6-10.700a6 6 0 0 0-12 0C6 14.800 12 21 12 21ZM9.300 10.300l2 2 3.500-3.800",
  saved: "M6 4h12v16l-6-4.500L6 20Z",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM16 16l4.500 4.500",
  similar: "M9 4h11v11H9zM15 15v5H4V9h5",
  trash: "M4 6.500h16M9 6.500V4h6v2.500M6 6.500l1 13.500h10l1-13.500M10 10.500v5.500M14 10.500v5.500",
  undo: "M8 4.500 3.500 9 8 13.500M3.500 9H15a5.500 5.500 0 0 1 0 11h-3",
  why: "M9.300 9.500a2.800 2.800 0 1 1 4.300 2.300c-1 .6-1.600 1.200-1.600 2.400M12 17v.1M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z",
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
export function IconButton({ name, label, class: kind = "quiet", ...rest }: { name: IconName; label: string; class?: string; onClick: () => void; disabled?: boolean; "aria-pressed"?: boolean; "aria-keyshortcuts"?: string }) {
  return (
    <button type="button" class={kind} title={label} aria-label={label} {...rest}>
      <Icon name={name} />
    </button>
  );
}
