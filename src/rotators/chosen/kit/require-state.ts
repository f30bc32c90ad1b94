import { EscError } from '../../../errors.ts'
import type { ChosenState } from './keeper.ts'

export interface StateOwner<Credential> {
  readonly rotator: string
  /** The input that names the account, and what it holds. */
  readonly input: string
  readonly account: string
  /** Another account that a credential is of, such as `user "app"`; undefined: it is this one. */
  readonly another: (credential: Credential) => string | undefined
  readonly hint: string
}

/** @throws EscError `invalid_input` where the state holds a password of another account. */
export function requireStateOf<Credential>(
  { rotator, input, account, another, hint }: StateOwner<Credential>,
  state: ChosenState<Credential> | undefined,
): void {
  const { current, previous, adopted = [] } = state ?? {}
  const named = [
    ['current', current] as const,
    ['previous', previous] as const,
    ...adopted.map((each) => ['adopted', each] as const),
  ]
  for (const [key, credential] of named) {
    const other = credential && another(credential)
    if (other === undefined) continue
    throw new EscError(
      'invalid_input',
      `${rotator}: \`state.${key}\` is of ${other}, but \`${input}\` is "${account}"`,
      { hint },
    )
  }
}
