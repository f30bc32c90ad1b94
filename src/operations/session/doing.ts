import { EscError } from '../../errors.ts'

/**
 * Does something; an error says what was being done, as the original's do:
 * `creating environment: already exists`.
 */
export async function doing<T>(what: string, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof EscError)) throw error
    const { hint } = error
    throw new EscError(error.code, `${what}: ${error.message}`, {
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    })
  }
}
