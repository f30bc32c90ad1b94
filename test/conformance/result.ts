/** The outcome of one recorded case. `detail` says what differed. */
export interface CaseResult {
  readonly kind: string
  readonly name: string
  readonly outcome: 'passed' | 'failed'
  readonly detail?: string
}
