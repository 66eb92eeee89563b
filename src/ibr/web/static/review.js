// Keys for whoever looks at hundreds of pairs. Every key does what a button or field does too.
(function () {
  var form = document.querySelector("[data-review]");
  var help = document.querySelector("[data-keys]");
  if (!help) return;
  var OFF = "review-keys-off";
  var toggle = help.querySelector("[data-keys-toggle]");
  var off = false;
  try { off = localStorage.getItem(OFF) === "1"; } catch (refused) { off = false; }

  function named(name) { return document.querySelector("[data-key='" + name + "']"); }
  function answers() { return form ? form.querySelectorAll("input[name=decision]") : []; }
  function chosen() { return form ? form.querySelector("input[name=decision]:checked") : null; }

  function showReasons() {
    var answer = chosen();
    form.querySelectorAll("[data-answer]").forEach(function (group) {
      var fits = answer !== null && group.dataset.answer === answer.value;
      group.hidden = !fits;
      group.disabled = !fits;
    });
    var first = form.querySelector("[data-first]");
    if (first) first.hidden = answer !== null;
  }

  function reasons() {
    return form.querySelectorAll("[data-answer]:not([hidden]) input[name=reason]");
  }

  function choose(list, number) {
    var wanted = list[number - 1];
    if (!wanted) return;
    wanted.checked = true;
    wanted.focus();
    wanted.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function digit(number) {
    // The first digit answers, the next one gives the reason; Escape begins anew.
    if (chosen() === null) { choose(answers(), number); return; }
    choose(reasons(), number);
  }

  function begin() {
    form.querySelectorAll("input[type=radio]").forEach(function (each) { each.checked = false; });
    showReasons();
    if (answers()[0]) answers()[0].focus();
  }

  function press(name) {
    var button = named(name);
    if (button) button.click();
    return Boolean(button);
  }

  if (form && answers().length) {
    form.addEventListener("change", function (event) {
      if (event.target.name === "decision") showReasons();
    });
    form.addEventListener("keydown", function (event) {
      if (event.key === "Enter" && event.target.type === "radio" && !event.isComposing) {
        event.preventDefault();
        form.requestSubmit();
      }
    });
    // One answer is stored once, however often the button is pressed.
    form.addEventListener("submit", function (event) {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "1";
    });
    window.addEventListener("pageshow", function () { delete form.dataset.sent; });
    showReasons();
  }

  function written() {
    help.querySelectorAll("[data-when]").forEach(function (each) {
      each.hidden = (each.dataset.when === "off") !== off;
    });
  }

  if (toggle) {
    toggle.hidden = false;
    toggle.addEventListener("click", function () {
      off = !off;
      try { localStorage.setItem(OFF, off ? "1" : "0"); } catch (refused) { return written(); }
      written();
    });
    written();
  }

  document.addEventListener("keydown", function (event) {
    var at = event.target;
    if (off || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (at.isContentEditable || /^(TEXTAREA|SELECT)$/.test(at.tagName)) return;
    if (at.tagName === "INPUT" && !/^(radio|checkbox|submit|button)$/.test(at.type)) return;
    var done = true;
    if (/^[1-9]$/.test(event.key) && form && answers().length) digit(Number(event.key));
    else if (event.key === "Escape" && form && answers().length) begin();
    else if (event.key === "r" && form && answers().length) {
      var list = reasons();
      if (list.length) list[0].focus(); else answers()[0].focus();
    }
    else if (event.key === "u") done = press("back");
    else if (event.key === "n") done = press("next");
    else if (event.key === "?") { help.open = !help.open; if (help.open) help.querySelector("summary").focus(); }
    else done = false;
    if (done) event.preventDefault();
  });
})();
