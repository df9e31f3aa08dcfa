// Hands in the secret of a link, which stands behind the #, and moves on without it.
const secret = decodeURIComponent(location.hash.slice(1));
history.replaceState(null, "", "/enter");

function say(title, why) {
  document.getElementById("state").textContent = title;
  document.getElementById("why").textContent = why;
}

if (!secret) {
  say("Your link is not whole", "The part behind the # is missing: copy all of the link that you were given.");
} else {
  try {
    const answer = await fetch("/api/enter", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ secret }),
    });
    if (answer.ok) location.replace("/");
    else say("This link does not open the page", (await answer.json()).error);
  } catch {
    say("The page does not answer", "Whoever runs it may have stopped it: open your link again when it is back.");
  }
}
