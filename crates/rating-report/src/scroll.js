// Shades the edge of a table that goes on beyond it.
for (const wide of document.querySelectorAll(".wide")) {
  const shade = () => {
    wide.classList.toggle("more-left", wide.scrollLeft > 1);
    wide.classList.toggle("more-right", wide.scrollLeft + wide.clientWidth < wide.scrollWidth - 1);
  };
  wide.addEventListener("scroll", shade);
  // Tables in what is folded up have no size until it is unfolded.
  new ResizeObserver(shade).observe(wide);
}
