"""What `regulars demo` serves: two years of a coffee roaster with a delicatessen counter, made up from a seed.

- About 400 customers from 14 countries, with the names, letters, addresses and telephone numbers of where they come
  from. Every e-mail address is at example.com, .org or .net; nobody is real. Most are ACTIVE, some INACTIVE or SUSPENDED;
  many have tags, a few were born on 29 February, and twelve pairs are one person registered twice in two spellings.
- Four groups beside the default one, and three stores beside MAIN, opened one after the other.
- About 5,000 purchases at the till, in the web shop and by telephone, in the rhythm of people: daily, weekly, monthly,
  around holidays, once. Weekends and December are full, and business grows. 80 articles with brand and category, cheese
  by weight; discounts, vouchers, shipping, buyers without a name, a free tenth cup.
- With the plugin tiers: three tiers, of which the upper two multiply points. With the plugin loyalty: a point for each 1.00,
  which expires after a year, pays a part of a purchase, and becomes credit; and credit that was given to make up for something.
- With the plugin rewards: prices of groups, coffee of the new harvest at a tenth less, for the upper tiers a week before
  everybody, the code WELCOME10 for anybody, and a code of one customer's own; a card of ten stamps for a cup, which customers
  have collected on for a month, and something on their birthday.
- Refunds of lines, parts of lines and amounts, with reasons; purchases rung up twice and voided; notes by four authors.

Everything goes through the services that production uses. The same seed on the same day of the same shop makes the same
shop again, apart from ids. Prices are in the shop's currency, opening hours in its time zone.
"""

from regulars_server.demo.shop import DemoSummary, fill

__all__ = ["DemoSummary", "fill"]
