/* What scrolls sideways can be reached with the keyboard: long lines of code, wide tables. */

"use strict";

(() => {
  const mark = () => {
    for (const each of document.querySelectorAll("pre, .table-wrapper")) {
      if (each.scrollWidth > each.clientWidth) each.tabIndex = 0;
      else each.removeAttribute("tabindex");
    }
  };
  addEventListener("load", mark);
  addEventListener("resize", mark);
})();
