// Passkeys: asks the browser for one when its button is pressed, and sends the answer as a form.
// Without this file, or in a browser without passkeys, the other ways of signing in remain.
(function () {
  "use strict";

  function bytes(text) {
    var plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, function (each) { return each.charCodeAt(0); });
  }

  function text(buffer) {
    if (!buffer) return null;
    var plain = String.fromCharCode.apply(null, new Uint8Array(buffer));
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function listed(keys) {
    return (keys || []).map(function (key) {
      return Object.assign({}, key, { id: bytes(key.id) });
    });
  }

  function made(options) {
    return navigator.credentials.create({ publicKey: Object.assign({}, options, {
      challenge: bytes(options.challenge),
      user: Object.assign({}, options.user, { id: bytes(options.user.id) }),
      excludeCredentials: listed(options.excludeCredentials)
    }) }).then(function (key) {
      return { attestationObject: text(key.response.attestationObject), key: key };
    });
  }

  function used(options) {
    return navigator.credentials.get({ publicKey: Object.assign({}, options, {
      challenge: bytes(options.challenge),
      allowCredentials: listed(options.allowCredentials)
    }) }).then(function (key) {
      return {
        authenticatorData: text(key.response.authenticatorData),
        signature: text(key.response.signature),
        userHandle: text(key.response.userHandle),
        key: key
      };
    });
  }

  function send(form, answer) {
    var key = answer.key;
    delete answer.key;
    answer.clientDataJSON = text(key.response.clientDataJSON);
    form.elements.answer.value = JSON.stringify({
      id: key.id, rawId: text(key.rawId), type: key.type,
      clientExtensionResults: {}, response: answer
    });
    form.submit();
  }

  document.querySelectorAll("form[data-passkey]").forEach(function (form) {
    if (!window.PublicKeyCredential || !navigator.credentials) return;
    var options = JSON.parse(form.dataset.options);
    var message = form.querySelector("[role=status]");
    var button = form.querySelector("button");
    form.hidden = false;
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      message.textContent = form.dataset.wait;
      button.disabled = true;
      var asked = form.dataset.passkey === "make" ? made(options) : used(options);
      asked.then(function (answer) { send(form, answer); }).catch(function (wrong) {
        button.disabled = false;
        message.textContent =
          wrong.name === "InvalidStateError" ? form.dataset.known : form.dataset.failed;
        button.focus();
      });
    });
  });
})();
