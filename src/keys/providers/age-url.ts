import { badKeyUrl, type KeyUrlForm, splitKeyUrl } from '../key-url.ts'
import type { ProviderKind } from '../provider.ts'
import type { AgeKeyUrl } from './age.ts'
import { recipientProblem } from './age-recipient.ts'

const form: KeyUrlForm = {
  usage: 'write age://<recipient>,<recipient>…, or age:// to use the file age-recipients.txt',
  parameters: [],
}

/** `age://<recipient>,<recipient>…`. */
export function ageKind(): ProviderKind {
  return {
    check: parseAgeUrl,
    open: async (url, context, owner) => (await import('./age.ts')).ageProvider(parseAgeUrl(url), context, owner),
  }
}

/** Reads `age://…`. @throws EscError `invalid_input`. */
export function parseAgeUrl(url: string): AgeKeyUrl {
  if (url === 'age') return { kind: 'age', recipients: [] }
  const { path } = splitKeyUrl(url, form)
  const recipients = path === '' ? [] : path.split(',')
  recipients.forEach((recipient, index) => {
    const problem = recipientProblem(recipient)
    if (problem !== undefined) throw badKeyUrl(url, problem, form)
    if (recipients.indexOf(recipient) !== index) throw badKeyUrl(url, `${recipient} is named twice`, form)
  })
  return { kind: 'age', recipients }
}
