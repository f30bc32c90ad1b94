// Colours. Loaded only where a terminal shows them: chalk asks for `tty`, which costs
// more than most commands.
export { Chalk } from 'chalk'
