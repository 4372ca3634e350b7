// Registered and taken away again by the browser check. A browser refuses a worker from a server whose certificate it
// does not trust, even when somebody clicked the warning away: so the page learns what it cannot see.
self.addEventListener("install", () => self.skipWaiting());
