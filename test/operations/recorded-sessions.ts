import { Session } from '../../src/operations/index.ts'
import { type AnyOperation, levelOf } from './every-operation.ts'

/** Notes which operations all sessions of this process perform, from `start` to `stop`. */
export class RecordedSessions {
  readonly #names = new Set<string>()
  readonly #perform = Session.prototype.perform

  start(): void {
    const perform = this.#perform as (this: Session, ...given: unknown[]) => unknown
    const note = (operation: AnyOperation, input: unknown) => this.#note(operation, input)
    Session.prototype.perform = function (this: Session, ...given: unknown[]) {
      note(given[0] as AnyOperation, given[2])
      return perform.apply(this, given)
    } as Session['perform']
  }

  /**
   * Names of the operations since `forget`, each once. After those whose level depends on the input
   * stand a colon and the level: `get-environment:open`.
   */
  get performed(): string[] {
    return [...this.#names]
  }

  forget(): void {
    this.#names.clear()
  }

  stop(): void {
    Session.prototype.perform = this.#perform
  }

  #note(operation: AnyOperation, input: unknown): void {
    const { name, level } = operation
    this.#names.add(typeof level === 'function' ? `${name}:${levelOf(operation, input) ?? 'none'}` : name)
  }
}
