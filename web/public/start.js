// SPDX-License-Identifier: Apache-2.0
// No blank page: where a file of the client cannot be had, all are asked for once more; where that
// does not help either, or nothing is drawn for long, it says so. It runs before the client and
// without it, so its few words are here and not in locales/.
(function () {
  var PATIENCE_MS = 20000;
  var AGAIN_AFTER_MS = 1000;
  var ONCE_IN_MS = 60000; // it is loaded anew by itself at most so often
  var STORED = 'lineward-started-anew';
  var WORDS = {
    en: {
      failed: 'Lineward could not be loaded.', late: 'Lineward is still being loaded.',
      reload: 'Reload'
    },
    de: {
      failed: 'Lineward konnte nicht geladen werden.', late: 'Lineward wird noch geladen.',
      reload: 'Neu laden'
    }
  };
  var hasFailed = false;

  function words() {
    var language = navigator.language;
    try {
      language = localStorage.getItem('lineward-language') || language;
    } catch (error) {
      // Without storage the browser's language it is.
    }
    return WORDS[language.slice(0, 2)] || WORDS.en;
  }

  // What is drawn by the client takes the place of what is said here.
  function isBlank() {
    var root = document.getElementById('root');
    return !root || !root.firstChild || root.firstChild.className === 'lw-not-started';
  }

  function say(what) {
    if (!document.body || !isBlank()) return;
    var main = document.createElement('main');
    var notice = document.createElement('div');
    var text = document.createElement('h1');
    var button = document.createElement('button');
    main.className = 'lw-not-started';
    notice.setAttribute('role', 'alert');
    text.textContent = words()[what];
    button.type = 'button';
    button.textContent = words().reload;
    button.onclick = function () { location.reload(); };
    notice.append(text, button);
    main.append(notice);
    document.getElementById('root').replaceChildren(main);
  }

  // Whether it has not been loaded anew just before; from now on it has.
  function mayStartAnew() {
    try {
      var last = Number(sessionStorage.getItem(STORED));
      sessionStorage.setItem(STORED, String(Date.now()));
      return Date.now() - last > ONCE_IN_MS;
    } catch (error) {
      return false; // nobody would know the next time
    }
  }

  function recover() {
    if (hasFailed || !isBlank()) return;
    hasFailed = true;
    if (mayStartAnew()) setTimeout(function () { location.reload(); }, AGAIN_AFTER_MS);
    else say('failed');
  }

  // Of a file that is not had, and of the client where it ends before anything is drawn.
  addEventListener('error', function (event) {
    var element = event.target;
    var isHint = element instanceof HTMLLinkElement && element.rel !== 'stylesheet';
    if (!isHint) recover();
  }, true);
  setTimeout(function () { if (!hasFailed) say('late'); }, PATIENCE_MS);
})();
