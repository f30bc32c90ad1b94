import { EscError } from '../../errors.ts'
import { input, rich } from '../../rich-text.ts'
import { formats, type WebhookFormat } from '../../webhooks/index.ts'

/** Reads the format of a webhook. @throws EscError `usage`. */
export function webhookFormat(typed: string): WebhookFormat {
  const known = formats.find((each) => each === typed)
  if (known !== undefined) return known
  throw new EscError(
    'usage',
    rich`invalid ${input('format')} ${JSON.stringify(typed)}: must be one of ${formats.join(', ')}`,
  )
}
