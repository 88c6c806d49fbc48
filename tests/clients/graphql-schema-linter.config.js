// Every rule of the linter is on. A rule that must go is taken out by `rules`, with the reason here.
module.exports = { schemaPaths: ['schema.graphql'] };
