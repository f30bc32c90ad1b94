import { allocate, BudgetExceeded, budgetHint, spend } from '../budget.ts'
import { Suggester } from '../language/index.ts'
import { present } from '../present.ts'
import type { Diagnostic } from '../yaml/index.ts'
import { type Answers, besidesOf, type HostCall, isFailure } from './calls.ts'
import {
  type Besides,
  type Frame,
  type RotationOutcome,
  type Round,
  type RoundRequest,
  type Scope,
  TooDeep,
} from './evaluation.ts'
import { EnvironmentScope } from './scope.ts'
import { type Definition, nowhere, type Value } from './values/value.ts'
import { Scale, tooHeavy } from './weigh.ts'

/** Thrown where there are so many diagnostics that evaluation ends. */
class TooManyDiagnostics {}

/** Nesting and references are followed this far on one stack. */
const maxStack = 120
/**
 * The same for environments that refer to one another inline (`${environments.…}`): those inside
 * get less of it.
 */
const maxInlineStack = 8
const maxInline = 24
const maxLayers = 1000
/** Beyond so many, evaluation stops: nobody reads them, and each has a text and a place. */
export const maxDiagnostics = 10_000

interface Entry {
  /** Undefined while it is being evaluated. */
  value: Value | undefined
}

/**
 * One evaluation of the root and of everything it needs, with the answers there are. What has no
 * answer is put on `calls` and stands as a pending value.
 */
export class EvaluationRound implements Round {
  readonly request: RoundRequest
  readonly answers: Answers
  readonly calls = new Map<string, HostCall>()
  readonly diagnostics: Diagnostic[] = []
  readonly rotations: RotationOutcome[] = []
  readonly suggester = new Suggester()
  readonly scale = new Scale()
  /** Names of the environments evaluated, the root first. */
  readonly evaluated: string[] = []
  readonly rootScope: EnvironmentScope
  /**
   * A call of `fn::validate` waits for its schema, so what is final beneath it cannot be told yet.
   */
  finalityPending = false
  readonly #table = new Map<string, Entry>()
  readonly #frames: Frame[] = []
  /** The errors of the host, by the diagnostics that tell of them. */
  readonly thrown = new Map<Diagnostic, unknown>()
  /** For each diagnostic, the expression whose evaluation reported it. */
  readonly #reporters: (Frame | undefined)[] = []
  /** The import that is being merged. */
  #importing: Definition | undefined
  #inline = 0

  constructor(request: RoundRequest, answers: Answers) {
    this.request = request
    this.answers = answers
    this.rootScope = new EnvironmentScope(this, request.environment, true, '')
  }

  /**
   * The value of the root. Undefined: the evaluation took too much, which has been
   * reported where it stopped.
   */
  run(): Value | undefined {
    try {
      const root = this.#evaluate(this.rootScope)
      const heavy = tooHeavy(root, this.scale)
      if (heavy === undefined) return root
      this.report(`${heavy.reason}, most of them here`, heavy.at)
      return undefined
    } catch (error) {
      if (error instanceof TooManyDiagnostics) return undefined
      if (!(error instanceof BudgetExceeded)) throw error
      this.stop(`the evaluation takes ${error.message}`, `; ${budgetHint}`)
      return undefined
    }
  }

  /** Reports why evaluation ends here, at the expression that is being evaluated. */
  stop(reason: string, hint = ''): void {
    const definitions = this.#frames.map(({ scope, expression }) => scope.definitionOf(expression))
    const { range, path } = definitions.findLast((each) => each.range !== undefined) ?? this.#importing ?? nowhere
    const summary = `${reason}, and stopped here${hint}`
    this.diagnostics.push({ severity: 'error', summary, path, range })
  }

  report(summary: string, at: Definition, severity: Diagnostic['severity'] = 'error', more?: Besides): void {
    const { range, path } = at
    const diagnostic = range === undefined ? { severity, summary, path } : { severity, summary, range, path }
    const { thrown, ...shown } = more ?? {}
    const whole = more === undefined ? diagnostic : { ...diagnostic, ...shown }
    if (thrown !== undefined) this.thrown.set(whole, thrown)
    this.#add(whole)
  }

  #add(diagnostic: Diagnostic): void {
    spend(10)
    allocate(300 + 2 * (diagnostic.summary.length + diagnostic.path.length))
    if (this.diagnostics.length >= maxDiagnostics) {
      this.stop(`the evaluation found more than ${maxDiagnostics} mistakes and warnings`)
      throw new TooManyDiagnostics()
    }
    this.diagnostics.push(diagnostic)
    this.#reporters.push(this.#frames.at(-1))
  }

  ask(call: HostCall): void {
    if (!this.calls.has(call.id)) this.calls.set(call.id, call)
  }

  get stack(): number {
    return this.#frames.length
  }

  enter(frame: Frame): void {
    spend(10)
    if (this.#frames.length - frame.scope.stack >= maxStack) throw new TooDeep(frame)
    this.#frames.push(frame)
  }

  leave(): void {
    this.#frames.pop()
  }

  /** Forgets the evaluations above `stack`, which will be begun anew, and what they reported. */
  unwind(stack: number): readonly Frame[] {
    spend(this.diagnostics.length)
    const unfinished = this.#frames.splice(stack)
    const forget = new Set<Frame | undefined>(unfinished)
    const keep = this.#reporters.map((frame) => !forget.has(frame))
    const [diagnostics, reporters] = [this.diagnostics.splice(0), this.#reporters.splice(0)]
    for (const [i, diagnostic] of diagnostics.entries()) {
      if (!keep[i]) {
        this.thrown.delete(diagnostic)
        continue
      }
      this.diagnostics.push(diagnostic)
      this.#reporters.push(reporters[i])
    }
    return unfinished
  }

  /**
   * The value of an environment named in the text, or undefined after reporting why there is none.
   */
  resolve(name: string, at: Definition, scope: Scope): Value | undefined {
    const found = this.#lookUp(name, at, scope.rootName)
    if (!(found instanceof EnvironmentScope)) return found
    if (this.#inline >= maxInline) {
      this.report(`environments refer to one another more than ${maxInline} levels deep`, at)
      return undefined
    }
    if (this.#inline > 1 && this.stack - scope.stack > maxInlineStack) throw new TooDeep(present(this.#frames.at(-1)))
    this.#inline++
    try {
      return this.#evaluate(found)
    } finally {
      this.#inline--
    }
  }

  /** The value of a known environment, a scope yet to be evaluated, or undefined after a report. */
  #lookUp(name: string, at: Definition, rootName: string): Value | EnvironmentScope | undefined {
    const entry = this.#table.get(name)
    if (entry?.value) return entry.value
    if (entry) {
      this.report(`cyclic import of ${name}`, at)
      return undefined
    }
    const program = this.answers.programs.get(name)
    if (program === undefined) throw new Error(`the environment ${name} was not loaded ahead`)
    if (isFailure(program)) {
      this.report(program.error, at, 'error', besidesOf(program))
      return undefined
    }
    for (const diagnostic of program.diagnostics) this.#add(diagnostic)
    if (program.environment === undefined || program.diagnostics.some((diagnostic) => diagnostic.severity === 'error'))
      return undefined
    return new EnvironmentScope(this, program.environment, false, rootName)
  }

  /** Evaluates an environment after everything it imports, however long the chain of imports is. */
  #evaluate(outermost: EnvironmentScope): Value {
    const open: EnvironmentScope[] = []
    const enter = (scope: EnvironmentScope) => {
      this.#table.set(scope.name, { value: undefined })
      this.evaluated.push(scope.name)
      open.push(scope)
    }
    enter(outermost)
    for (;;) {
      const scope = present(open.at(-1))
      const next = scope.nextImport()
      if (next !== undefined) {
        const found = this.#lookUp(next.name, next.definition, scope.rootName)
        if (found instanceof EnvironmentScope) enter(found)
        else this.#import(scope, found, next.definition)
        continue
      }
      const value = scope.evaluateRoot()
      present(this.#table.get(scope.name)).value = value
      open.pop()
      const importer = open.at(-1)
      if (importer === undefined) return value
      this.#import(importer, value, present(importer.currentImport).definition)
    }
  }

  #import(scope: EnvironmentScope, value: Value | undefined, at: Definition): void {
    spend(10)
    this.#importing = at
    if (value !== undefined && value.layers + (scope.base?.layers ?? 0) >= maxLayers) {
      this.report(`more than ${maxLayers} environments lie on top of one another`, at)
      scope.addImport(undefined)
    } else scope.addImport(value)
  }
}
