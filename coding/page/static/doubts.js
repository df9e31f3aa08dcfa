// What looks odd: while it is worked out, the page asks again.

if (document.getElementById("waiting")) setTimeout(() => location.reload(), 2000);
