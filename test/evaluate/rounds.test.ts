import { expect } from 'chai'
import type { Evaluation } from '../../src/evaluate/index.ts'
import { EvaluationRound } from '../../src/evaluate/round.ts'
import { formatJson } from '../../src/json.ts'
import { sealed, summariesOf, TestWorld, valuesOf } from './world.ts'

describe('evaluateEnvironment()', () => {
  it('makes independent calls side by side and dependent ones in order', async () => {
    const world = new TestWorld()
    const evaluation = await world.evaluate(`values:
  a: {fn::open::echo: {n: 1}}
  b: {fn::open::echo: {n: 2}}
  c: {fn::open::echo: {from: "\${a.n}", and: "\${b.n}"}}
`)
    expect(valuesOf(evaluation)).to.equal('{"a":{"n":1},"b":{"n":2},"c":{"and":2,"from":1}}')
    expect(world.calls).to.deep.equal([
      'open root values.a {"n":1}',
      'open root values.b {"n":2}',
      'open root values.c {"and":2,"from":1}',
    ])
    expect(world.mostRunning).to.equal(2)
  })

  it('respects the limit of calls at a time', async () => {
    const lines = Array.from({ length: 20 }, (_, i) => `  k${i}: {fn::open::echo: {n: ${i}}}`)
    const world = new TestWorld()
    await world.evaluate(`values:\n${lines.join('\n')}\n`, {}, { concurrency: 3 })
    expect(world.calls).to.have.length(20)
    expect(world.mostRunning).to.equal(3)
  })

  it('asks nothing twice', async () => {
    const world = new TestWorld({
      a: `imports: [base]\nvalues: {x: "\${shared}", s: ${sealed('a', 'one')}, t: ${sealed('a', 'two')}}`,
      b: 'imports: [base]\nvalues: {y: "${environments.p.e.v}"}',
      base: 'values: {shared: {fn::open::echo: {n: 1}}}',
      'p/e': 'values: {v: {fn::open::echo: {n: 2}}}',
    })
    await world.evaluate('imports: [a, b, a]\nvalues: {z: "${environments.p.e.v}", s: "${imports.a.s}"}')
    expect(new Set(world.calls).size).to.equal(world.calls.length)
    expect(world.calls.sort()).to.deep.equal([
      'load a',
      'load b',
      'load base',
      'load p/e',
      'open base values.shared {"n":1}',
      'open p/e values.v {"n":2}',
      'unlock a',
    ])
  })

  it('loads what loaded environments name before anything is evaluated, each level together', async () => {
    const files: Record<string, string> = { 'x/deep': 'values: {v: 1}' }
    for (let i = 0; i < 5; i++) files[`e${i}`] = 'values: {v: "${environments.x.deep.v}"}'
    const world = new TestWorld(files)
    await world.evaluate(`imports: [${Object.keys(files).join(', ')}]`)
    expect(world.mostRunning).to.equal(6)
  })

  it('ends for environments that name one another', async () => {
    const world = new TestWorld({
      a: 'imports: [b]\nvalues: {x: 1}',
      b: 'imports: [a]\nvalues: {y: "${environments.p.r.z}"}',
      'p/r': 'imports: [b]\nvalues: {z: 1}',
    })
    const evaluation = await world.evaluate('imports: [a, root]')
    expect(summariesOf(evaluation).sort()).to.deep.equal([
      '1:11 cyclic import of a',
      '1:11 cyclic import of b',
      '1:14 cyclic import of root',
    ])
    expect(evaluation.environments).to.deep.equal(['root', 'a', 'b', 'p/r'])
  })

  it('rotates in two rounds, and decrypts each ciphertext once', async () => {
    const decrypted: string[] = []
    class CountingWorld extends TestWorld {
      override async unlock(name: string) {
        const decrypt = await super.unlock(name)
        return (ciphertext: Uint8Array) => {
          decrypted.push(decrypt(ciphertext))
          return decrypted.at(-1)!
        }
      }
    }
    const world = new CountingWorld().addRotator('r', {}, () => ({ key: 'new' }))
    const text = `values:
  one: {fn::rotate::r: {inputs: {}, state: {key: ${sealed('root', 'first')}}}}
  two: {fn::rotate::r: {inputs: {of: ${sealed('root', 'second')}}, state: {key: ${sealed('root', 'third')}}}}
`
    const rounds = await roundsOf(async () => {
      const evaluation = await world.evaluate(text, { mode: 'rotate' })
      expect(valuesOf(evaluation)).to.equal('{"one":{"key":"new"},"two":{"key":"new"}}')
      expect(evaluation.rotations.map(({ status }) => status)).to.deep.equal(['succeeded', 'succeeded'])
    })
    expect(rounds).to.equal(2)
    expect(decrypted.sort()).to.deep.equal(['first', 'second', 'third'])
    expect(world.calls[0]).to.equal('unlock root')
    expect(world.calls.slice(1).sort()).to.deep.equal([
      'openRotator values.one {"key":"new"}',
      'openRotator values.two {"key":"new"}',
      'rotate values.one {} {"key":"first"}',
      'rotate values.two {"of":"second"} {"key":"third"}',
    ])
  })

  it('shows of literal operands, which only the first round looks at, what a single round does', async () => {
    const world = new TestWorld().addRotator(
      'r',
      { inputs: { type: 'object', properties: { size: { type: 'number' } } }, state: { type: 'object' } },
      () => ({ key: 'new' }),
    )
    const text = `values: {one: {fn::rotate::r: {inputs: {size: 1}, state: {key: ${sealed('root', 'old')}, list: [a]}}}}`
    const argument = (evaluation: Evaluation) => evaluation.environment?.exprs?.one?.builtin
    const inOneRound = await world.evaluate(text, { mode: 'check', showSecrets: true })
    expect(JSON.stringify(argument(inOneRound))).to.include('"const":"a"')
    for (const mode of ['open', 'rotate'] as const)
      expect(argument(await world.evaluate(text, { mode })), mode).to.deep.equal(argument(inOneRound))

    const wrong = text.replace('size: 1', 'size: x')
    expect(summariesOf(await world.evaluate(wrong, { mode: 'rotate' }))).to.have.length(1)
  })

  it('does not ask for the key of what is rotated where nothing is encrypted', async () => {
    const world = new TestWorld().addRotator('r', {}, () => ({ key: 'new' }))
    await world.evaluate('values: {one: {fn::rotate::r: {inputs: {}}}}', { mode: 'rotate' })
    expect(world.calls).to.deep.equal(['rotate values.one {} none', 'openRotator values.one {"key":"new"}'])
  })

  it('unlocks an environment only for a ciphertext that is needed', async () => {
    const world = new TestWorld({
      'cred/prod': `values: {login: ${sealed('cred/prod', 'admin')}, public: 1}`,
    }).addRotator(
      'user',
      { inputs: { type: 'object', properties: { login: { type: 'string' } }, rotateOnly: ['login'] } },
      () => ({
        key: 'new',
      }),
    )
    const text = `values:
  key:
    fn::rotate::user:
      inputs: {login: "\${environments.cred.prod.login}"}
      state: {key: old}
  own: ${sealed('root', 'mine')}
`
    world.locked.add('cred/prod')
    const opened = await world.evaluate(text)
    expect(valuesOf(opened)).to.equal('{"key":{"key":"old"},"own":"mine"}')
    expect(opened.diagnostics).to.deep.equal([])
    expect(opened.environments).to.deep.equal(['root'])
    expect(world.calls).not.to.include('unlock cred/prod')

    const rotated = await world.evaluate(text, { mode: 'rotate' })
    expect(summariesOf(rotated)).to.deep.equal(['1:17 decrypting: no key for cred/prod'])
    expect(rotated.rotations.map(({ path, status }) => [path, status])).to.deep.equal([['values.key', 'not-evaluated']])
    expect(world.calls.filter((call) => call.startsWith('rotate '))).to.deep.equal([])

    world.locked.clear()
    world.calls.splice(0)
    const again = await world.evaluate(text, { mode: 'rotate' })
    expect(world.calls).to.include('rotate values.key {"login":"admin"} {"key":"old"}')
    expect(again.rotations.map(({ status }) => status)).to.deep.equal(['succeeded'])
    expect(again.rotations[0]!.patch).to.deep.include({ docPath: 'values.key["fn::rotate::user"].state' })
    expect(valuesOf(again)).to.equal('{"key":{"key":"new"},"own":"mine"}')
    expect(again.environments).to.deep.equal(['root', 'cred/prod'])
  })

  it('says nothing of an environment that cannot be loaded and is not needed', async () => {
    const world = new TestWorld().addRotator(
      'r',
      { inputs: { type: 'object', properties: { x: true }, rotateOnly: ['x'] } },
      () => ({}),
    )
    const text = 'values: {a: {fn::rotate::r: {inputs: {x: "${environments.no.such.v}"}, state: {}}}}'
    expect((await world.evaluate(text)).diagnostics).to.have.length(0)
  })

  it('reports a failed load at every place that needs it, but loads once', async () => {
    const world = new TestWorld()
    const evaluation = await world.evaluate('values: {a: "${environments.no.such.v}", b: "x${environments.no.such.w}"}')
    expect(summariesOf(evaluation)).to.deep.equal(['1:13 no environment no/such', '1:45 no environment no/such'])
    expect(world.calls).to.deep.equal(['load no/such'])
  })

  it('hands a call its inputs only when all of them have come, even those an object inherits', async () => {
    const world = new TestWorld({ base: 'values: {cfg: {fn::open::echo: {region: eu}}}' })
    const evaluation = await world.evaluate(
      'imports: [base]\nvalues: {cfg: {size: 1}, use: {fn::open::echo: "${cfg}"}, list: {fn::open::echo: {l: ["${cfg}"]}}}',
    )
    expect(world.calls.filter((call) => call.includes(' root '))).to.deep.equal([
      'open root values.list {"l":[{"region":"eu","size":1}]}',
      'open root values.use {"region":"eu","size":1}',
    ])
    expect(evaluation.diagnostics).to.deep.equal([])
  })

  it('waits for the schema of fn::validate before it looks at the value', async () => {
    const world = new TestWorld()
    const evaluation = await world.evaluate(`values:
  schema: {fn::open::echo: {type: object, properties: {secretly: {}}, rotateOnly: [secretly]}}
  v: {fn::validate: {schema: "\${schema}", value: {secretly: {fn::open::echo: {never: 1}}, k: 1}}}
`)
    expect(world.calls).to.deep.equal([
      'open root values.schema {"properties":{"secretly":{}},"rotateOnly":["secretly"],"type":"object"}',
    ])
    expect(evaluation.diagnostics).to.deep.equal([])
  })

  it('does not open what an import may yet declare final', async () => {
    const world = new TestWorld({
      base: 'values: {s: {fn::open::echo: {type: object}}, v: {fn::validate: {schema: "${s}", value: {k: {fn::final: 1}}}}}',
    })
    const evaluation = await world.evaluate('imports: [base]\nvalues: {v: {k: {fn::open::echo: {never: 1}}}}')
    expect(world.calls.filter((call) => call.includes('never'))).to.deep.equal([])
    expect(evaluation.diagnostics.map(({ summary }) => summary)).to.deep.equal(['cannot override final value'])
  })

  it('calls nothing for a definition with mistakes of form, unless asked to', async () => {
    const world = new TestWorld()
    const text = 'values: {a: {fn::open::echo: {n: 1}}, b: "${x"}'
    const refused = await world.evaluate(text)
    expect([refused.environment, world.calls]).to.deep.equal([undefined, []])
    expect(refused.diagnostics).to.have.length(1)
    await world.evaluate(text, {}, { despiteErrors: true })
    expect(world.calls).to.have.length(1)
  })

  it('never opens anything when checking', async () => {
    const world = new TestWorld({ a: `values: {s: ${sealed('a', 'x')}, o: {fn::open::echo: {}}}` })
    const evaluation = await world.evaluate('imports: [a]\nvalues: {o: {fn::open::echo: {}}}', { mode: 'check' })
    expect(world.calls).to.deep.equal(['load a'])
    expect(valuesOf(evaluation, true)).to.equal('{"o":"[unknown]","s":"[secret]"}')
  })

  it('stops between calls when told to', async () => {
    const world = new TestWorld()
    const stop = new AbortController()
    world.addProvider('stop', async () => {
      stop.abort()
      return { value: {}, trace: { def: { begin: zero, end: zero } } }
    })
    const text = 'values: {a: {fn::open::stop: {}}, b: {fn::open::echo: "${a}"}}'
    const error = await world.evaluate(text, {}, { signal: stop.signal }).catch((error: unknown) => error)
    expect(error).to.deep.include({ code: 'interrupted' })
    expect(world.calls).to.have.length(1)
  })

  it('refuses reserved keys in the context', async () => {
    const context = { currentEnvironment: { trace: { def: { begin: zero, end: zero } } } }
    const error = await new TestWorld().evaluate('values: {a: 1}', { context }).catch((error: unknown) => error)
    expect(error).to.deep.include({ code: 'invalid_input', message: 'reserved context key: "currentEnvironment"' })
  })
})

const zero = { line: 0, column: 0, byte: 0 }

describe('a rotation', () => {
  const counting = () =>
    new TestWorld().addRotator(
      'count',
      {
        inputs: { type: 'object', properties: { step: { type: 'number' } }, required: ['step'] },
        state: { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] },
      },
      (inputs, state) => {
        if (inputs.fail) throw new Error('the vendor said no')
        const old = state ? Number(formatJson(state.n!.value as never)) : 0
        return { n: old + Number(formatJson(inputs.step!.value as never)) }
      },
    )

  it('rotates what is selected, opens everything, and reports each selected call', async () => {
    const world = counting()
    const text = `values:
  a: {fn::rotate::count: {inputs: {step: 1}, state: {n: 1}}}
  x-y: {fn::rotate: {provider: count, inputs: {step: 10}, state: {n: 5}}}
  1st: {fn::rotate::count: {inputs: {step: 100}}}
  sum: \${a.n} \${x-y.n} \${["1st"]}
`
    const all = await world.evaluate(text, { mode: 'rotate' })
    expect(valuesOf(all)).to.equal('{"1st":{"n":100},"a":{"n":2},"sum":"2 15 \\"n\\"=\\"100\\"","x-y":{"n":15}}')
    expect(all.rotations.map(({ patch }) => patch?.docPath)).to.deep.equal([
      'values["1st"]["fn::rotate::count"].state',
      'values.a["fn::rotate::count"].state',
      'values["x-y"]["fn::rotate"].state',
    ])
    const some = await world.evaluate(text, { mode: 'rotate', rotatePaths: [['x-y'], ['1st']] })
    expect(some.rotations.map(({ path, status }) => [path, status])).to.deep.equal([
      ['values["1st"]', 'succeeded'],
      ['values["x-y"]', 'succeeded'],
    ])
    expect(valuesOf(some)).to.contain('"a":{"n":1}')
  })

  it('does not begin with bad inputs or a bad state', async () => {
    const world = counting()
    const evaluation = await world.evaluate(
      `values:
  a: {fn::rotate::count: {inputs: {step: one}, state: {n: 1}}}
  b: {fn::rotate::count: {inputs: {step: 1}, state: {n: x}}}
  c: {fn::rotate::count: {inputs: {step: "\${d}"}}}
  d: \${nope}
`,
      { mode: 'rotate' },
    )
    expect(world.calls).to.deep.equal([])
    expect(evaluation.rotations.map(({ status }) => status)).to.deep.equal([
      'not-evaluated',
      'not-evaluated',
      'not-evaluated',
    ])
  })

  it('keeps the others when one fails', async () => {
    const world = counting()
    const evaluation = await world.evaluate(
      'values: {a: {fn::rotate::count: {inputs: {step: 1, fail: true}, state: {n: 1}}}, b: {fn::rotate::count: {inputs: {step: 1}, state: {n: 1}}}}',
      { mode: 'rotate' },
    )
    expect(evaluation.rotations.map(({ status }) => status)).to.deep.equal(['failed', 'succeeded'])
    expect(evaluation.rotations[0]!.diagnostics.map(({ summary }) => summary)).to.deep.equal(['the vendor said no'])
    expect(summariesOf(evaluation)).to.deep.equal(['1:13 rotate: the vendor said no'])
  })

  it('waits for the inputs it needs, and then rotates once', async () => {
    const world = counting()
    const evaluation = await world.evaluate(
      'values: {o: {fn::open::echo: {n: 7}}, a: {fn::rotate::count: {inputs: {step: "${o.n}"}, state: {n: 1}}}}',
      { mode: 'rotate' },
    )
    expect(world.calls).to.deep.equal([
      'open root values.o {"n":7}',
      'rotate values.a {"step":7} {"n":1}',
      'openRotator values.a {"n":8}',
    ])
    expect(evaluation.rotations).to.have.length(1)
  })

  it('never rotates in an imported environment', async () => {
    const world = counting()
    Object.assign(world.files, { lib: 'values: {a: {fn::rotate::count: {inputs: {step: 1}, state: {n: 1}}}}' })
    const evaluation = await world.evaluate('imports: [lib]', { mode: 'rotate' })
    expect(evaluation.rotations).to.deep.equal([])
    expect(world.calls.filter((call) => call.startsWith('rotate'))).to.deep.equal([])
  })
})

/** How many rounds of evaluation there are meanwhile. */
async function roundsOf(task: () => Promise<void>): Promise<number> {
  const { run } = EvaluationRound.prototype
  let rounds = 0
  EvaluationRound.prototype.run = function (this: EvaluationRound) {
    rounds++
    return run.call(this)
  }
  try {
    await task()
  } finally {
    EvaluationRound.prototype.run = run
  }
  return rounds
}
