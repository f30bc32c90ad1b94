/** The outcome of one recorded case. `detail` says what differed. */
export interface CaseResult {
  readonly kind: string
  readonly name: string
  readonly outcome: 'passed' | 'failed'
  readonly detail?: string
}

/**
 * The outcome of a case whose `check` returns what differs, or nothing; one that throws has failed.
 */
export async function outcomeOf(
  kind: string,
  name: string,
  check: () => Promise<string | undefined>,
): Promise<CaseResult> {
  try {
    const detail = await check()
    return detail === undefined ? { kind, name, outcome: 'passed' } : { kind, name, outcome: 'failed', detail }
  } catch (error) {
    return {
      kind,
      name,
      outcome: 'failed',
      detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }
  }
}
