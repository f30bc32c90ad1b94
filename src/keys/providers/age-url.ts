import { badKeyUrl, type KeyUrlForm, splitKeyUrl } from '../key-url.ts'
import { recipientProblem } from './age-recipient.ts'

export interface AgeKeyUrl {
  readonly kind: 'age'
  /** Empty: those of the recipients file. */
  readonly recipients: readonly string[]
}

const form: KeyUrlForm = {
  usage: 'write age://<recipient>,<recipient>…, or age:// to use the file age-recipients.txt',
  parameters: [],
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
