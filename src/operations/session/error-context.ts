import { EscError, hintOf, textOfError } from '../../errors.ts'
import { rich } from '../../rich-text.ts'

/**
 * Does work whose errors say what was being done, as those of the reference do:
 * `creating environment: already exists`.
 */
export async function withErrorContext<T>(what: string, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof EscError)) throw error
    throw new EscError(error.code, rich`${what}: ${textOfError(error)}`, { hint: hintOf(error), cause: error })
  }
}
