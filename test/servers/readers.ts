import { execFileSync } from 'node:child_process'

/** A Python that has these modules, or undefined. `ESC_TEST_PYTHON` names one of a venv. */
export function pythonWith(...modules: readonly string[]): string | undefined {
  const python = process.env.ESC_TEST_PYTHON ?? 'python3'
  try {
    execFileSync(python, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' })
    return python
  } catch {
    return undefined
  }
}

/** What a Python program prints as JSON, given JSON on standard input. */
export function askPython(python: string, program: string, input: unknown): unknown {
  const out = execFileSync(python, ['-c', program], {
    input: JSON.stringify(input),
    maxBuffer: 1 << 28,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  return JSON.parse(out.toString())
}
