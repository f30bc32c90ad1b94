import { boolean, text } from './flags.ts'

export const UTC_FLAG = { utc: boolean({ description: 'show times in UTC' }) }

export const PAGER_FLAG = {
  pager: text({ description: 'the pager to use (default: $PAGER, else less -R -F)', value: 'command' }),
}

/** Arguments that many commands have. */
export const ENVIRONMENT = { environment: { description: 'the environment', required: true } } as const
export const VERSIONED = {
  environment: { description: 'the environment, with @ and a version', required: true },
} as const
