import { boolean, list, text } from './flags.ts'

export const UTC_FLAG = { utc: boolean({ description: 'show times in UTC' }) }

export const PAGER_FLAG = {
  pager: text({ description: 'the pager to use (default: $PAGER, else less -R -F)', value: 'command' }),
}

/** For commands whose values become the variables of a process. */
export const ALLOW_VARIABLE_FLAG = {
  'allow-variable': list({
    description: 'set this variable although it can make programs run code, as PATH can; may be given several times',
    value: 'name',
  }),
}

/** For commands that hand values to programs. */
export const UNKNOWN_FLAGS = {
  'allow-unknown': boolean({
    description: 'pass on values that are not known, such as a credential before its first rotation, as [unknown]',
  }),
  strict: boolean({ description: 'fail when there is no value at a path; otherwise it is a warning' }),
}

/** Arguments that many commands have. */
export const ENVIRONMENT = { environment: { description: 'the environment', required: true } } as const
export const VERSIONED = {
  environment: { description: 'the environment, with @ and a version', required: true },
} as const
