/** Starts the page. */

import { render } from "preact";
import "./styles/index.css";
import { page } from "./state/page.ts";
import { App } from "./ui/app.tsx";

render(<App />, document.getElementById("app")!);
page.start().catch((error: unknown) => page.fail(error));
