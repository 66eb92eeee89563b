// Puts a button beside each sample that copies it. Without this file samples are selected by hand.
document.querySelectorAll("[data-copy]").forEach(function (place) {
  if (!navigator.clipboard) return;
  var button = document.createElement("button");
  button.type = "button";
  button.className = "button quiet copy";
  button.textContent = place.dataset.copy;
  button.addEventListener("click", function () {
    navigator.clipboard.writeText(place.querySelector("pre").textContent).then(function () {
      button.textContent = place.dataset.done;
      setTimeout(function () { button.textContent = place.dataset.copy; }, 2000);
    });
  });
  place.prepend(button);
});
