// Bundled by itself and loaded when somebody at a terminal is asked something.
export { confirm, isCancel, password, select } from '@clack/prompts'
