// One visible page of a browser leads: it alone holds the live stream. A browser opens only six connections to a host,
// so a stream for each page would leave none for the pages themselves.
(function () {
  "use strict";
  const NAME = "markaz-live";
  const BEAT_MS = 2000; // of the lease, where Web Locks are missing (plain HTTP on a name of the network)
  const STALE_MS = 7000;
  const SETTLE_MS = 300;

  // Each candidate has `stand` (wait for one's turn; true: take it from a leader that fell silent) and `withdraw`.
  // `lead` is called when the turn comes, `follow` when it is over.
  function byLock(lead, follow, unusable) {
    let attempt = null;
    function stand(seize) {
      if (attempt && (!seize || attempt.leading)) return;
      if (attempt) attempt.end();
      const mine = { leading: false, end: null };
      attempt = mine;
      const turn = new AbortController();
      const held = new Promise((done) => {
        mine.end = () => {
          turn.abort();
          done();
        };
      });
      const begin = () => {
        if (attempt !== mine) return null;
        mine.leading = true;
        lead();
        return held;
      };
      const over = () => {
        if (attempt !== mine) return; // withdrew
        attempt = null;
        if (!mine.leading) return unusable();
        follow(); // another page took it
        stand(false);
      };
      navigator.locks.request(NAME, seize ? { steal: true } : { signal: turn.signal }, begin).then(over, over);
    }
    function withdraw() {
      const mine = attempt;
      attempt = null;
      if (!mine) return;
      mine.end();
      if (mine.leading) follow();
    }
    return { stand, withdraw };
  }

  function byLease(lead, follow) {
    const id = Math.random().toString(36).slice(2);
    let timer = null,
      leading = false;
    const read = () => {
      try {
        return JSON.parse(localStorage.getItem(NAME));
      } catch {
        return null;
      }
    };
    const write = () => {
      try {
        localStorage.setItem(NAME, JSON.stringify({ id, at: Date.now() }));
        return true;
      } catch {
        return false;
      }
    };
    const isMine = (lease) => lease !== null && lease.id === id;
    function look(seize) {
      const lease = read();
      const free = !lease || isMine(lease) || Math.abs(Date.now() - lease.at) > STALE_MS;
      if (leading && !isMine(lease)) {
        leading = false;
        follow();
      }
      if (!free && !seize) return;
      if (!write()) {
        if (!leading) {
          leading = true;
          lead();
        }
        return;
      } // no storage: every page for its own
      // Two pages may have written at once: the later one stands.
      if (!leading)
        setTimeout(() => {
          if (timer && !leading && isMine(read())) {
            leading = true;
            lead();
          }
        }, SETTLE_MS);
    }
    function stand(seize) {
      if (timer && !seize) return;
      clearInterval(timer);
      timer = setInterval(look, BEAT_MS, false);
      look(seize);
    }
    function withdraw() {
      clearInterval(timer);
      timer = null;
      if (!leading) return;
      leading = false;
      if (isMine(read()))
        try {
          localStorage.removeItem(NAME);
        } catch {
          /* the lease runs out */
        }
      follow();
    }
    return { stand, withdraw };
  }

  // Without a channel between pages no one can hear of anything: each leads for itself.
  function alone(lead, follow) {
    let leading = false;
    return {
      stand() {
        if (!leading) {
          leading = true;
          lead();
        }
      },
      withdraw() {
        if (leading) {
          leading = false;
          follow();
        }
      },
    };
  }

  window.markazLeader = function (lead, follow) {
    if (!window.BroadcastChannel) return alone(lead, follow);
    if (!navigator.locks) return byLease(lead, follow);
    let lease = null;
    const lock = byLock(lead, follow, () => {
      lease = byLease(lead, follow);
      lease.stand(false);
    });
    return {
      stand(seize) {
        (lease || lock).stand(seize);
      },
      withdraw() {
        (lease || lock).withdraw();
      },
    };
  };
})();
