// Searching: the field is one key away, and what is not ready is asked for again.

import { at, key } from "./common.js";

key("/", "Go to the search field", () => at("q").select());

if (document.getElementById("waiting")) setTimeout(() => location.reload(), 2000);
