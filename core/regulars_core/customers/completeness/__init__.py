"""How complete a profile is: what the shop counts of it, and what of that is there."""
