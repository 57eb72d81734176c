"""One page in the browser for a stack that runs: its graphs with live numbers, health, changes and logs."""
