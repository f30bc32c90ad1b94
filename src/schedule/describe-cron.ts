import { cronFields } from './cron.ts'

/**
 * A cron expression in words, in English: `At 03:00, only on Monday`. `undefined` for one that
 * cannot be read.
 */
export async function describeCron(expression: string): Promise<string | undefined> {
  const { cronWords } = await import('../vendor/cron.ts')
  try {
    return cronWords(cronFields(expression), { use24HourTimeFormat: true })
  } catch {
    return undefined
  }
}
