import { EscError } from '../../errors.ts'
import {
  type InputKit,
  parseRotatorPath,
  type RotationReport,
  refuseVersion,
  resolveVersion,
  rotateEnvironment,
} from '../../operations/index.ts'
import { type PlannedRotation, TOKEN_SECONDS } from '../confirmations.ts'
import { PublicText } from '../shown-texts.ts'
import { environmentText, pathText, type Recorded, type ToolCall, tool } from '../tool.ts'
import { diagnosticsData } from './opened.ts'

interface RotateArguments {
  readonly environment: string
  readonly paths?: readonly string[]
}

const rotationInput = (z: InputKit) =>
  z.strictObject({
    environment: environmentText(z),
    paths: z
      .array(pathText(z, 'path of a rotator'))
      .optional()
      .describe('the rotators to rotate; default: all of the environment'),
  })

function recorded({ paths }: RotateArguments): Recorded {
  return paths === undefined ? {} : { paths }
}

export const planRotationTool = tool({
  name: 'plan_rotation',
  title: 'Plan a rotation',
  description:
    'Says what a rotation of credentials would do, and changes nothing. Its plan_token lets rotate begin once, within ten minutes. Show the plan to the person first.',
  input: rotationInput,
  annotations: { readOnlyHint: true, openWorldHint: true },
  level: 'write',
  recorded,
  async run(call, given) {
    const report = await planned(call, given)
    const token = report.status === 'failed' ? undefined : call.confirmations.issue(await wanted(call, given))
    return {
      ...reportData(report),
      ...(token && { plan_token: new PublicText(token), good_for_seconds: TOKEN_SECONDS }),
    }
  },
})

export const rotateTool = tool({
  name: 'rotate',
  title: 'Rotate credentials',
  description:
    'Rotates credentials of an environment, after a confirmation: the client asks the person where it can; else the plan_token of plan_rotation is needed. Each credential before stays valid until the next rotation.',
  input: (z) =>
    rotationInput(z).extend({
      plan_token: z
        .string()
        .optional()
        .describe('as plan_rotation returned it, where the client cannot ask the person'),
    }),
  annotations: { readOnlyHint: false, destructiveHint: true, openWorldHint: true },
  level: 'write',
  recorded,
  async run(call, { plan_token: token, ...given }) {
    const { session, ask, signal, confirmations, progress } = call
    const rotation = await wanted(call, given)
    if (ask === undefined) confirmations.redeem(token, rotation)
    else if (!(await ask(await question(call, given, rotation)))) {
      throw new EscError('interrupted', 'the person did not agree to the rotation', { hint: 'nothing was changed' })
    }
    const { result } = await session.perform(
      rotateEnvironment,
      call.reference(given.environment),
      { ...rotateInput(given), mode: 'rotate', onProgress: ({ path, phase }) => progress(`${path}: ${phase}`) },
      { signal, ...(ask && { confirm: ask }) },
    )
    return reportData(result)
  },
})

function rotateInput({ paths = [] }: RotateArguments) {
  return { paths: paths.map(parseRotatorPath), force: false }
}

/** The rotation that is asked for, at the revision that the environment has now. */
async function wanted(
  { session, reference }: ToolCall,
  { environment, paths = [] }: RotateArguments,
): Promise<PlannedRotation> {
  const asked = reference(environment)
  refuseVersion(asked, 'rotate')
  const { result: number } = await session.perform(resolveVersion, asked)
  return { environment: asked.name, paths, revision: number }
}

async function planned({ session, reference, signal }: ToolCall, given: RotateArguments): Promise<RotationReport> {
  const asked = reference(given.environment)
  refuseVersion(asked, 'rotate')
  const input = { ...rotateInput(given), mode: 'plan', onProgress: () => {} } as const
  return (await session.perform(rotateEnvironment, asked, input, { signal })).result
}

/** @throws EscError `rotation_failed` where the plan says that nothing could be rotated. */
async function question(call: ToolCall, given: RotateArguments, { environment, revision }: PlannedRotation) {
  const report = await planned(call, given)
  if (report.status === 'failed') {
    const said = report.paths.map(({ path, error }) => `${path}: ${error ?? 'failed'}`).join('; ')
    throw new EscError('rotation_failed', call.shown.text(`nothing can be rotated: ${said}`), {
      hint: 'plan the rotation to see why',
    })
  }
  const lines = report.paths.map(({ path, rotator, steps = [] }) =>
    [`- ${path} (${rotator})`, ...steps.map(({ what }) => `  - ${call.shown.text(what)}`)].join('\n'),
  )
  return `Rotate credentials of ${environment} (revision ${revision})?\n${lines.join('\n')}`
}

function reportData({ status, revision, paths, warnings, diagnostics }: RotationReport): object {
  return {
    status,
    ...(revision !== undefined && { revision }),
    paths: paths.map(({ path, rotator, status: outcome, error, hint, notes, steps }) => ({
      path: new PublicText(path),
      rotator,
      status: outcome,
      ...(error !== undefined && { error }),
      ...(hint !== undefined && { hint: String(hint) }),
      ...(notes.length > 0 && { notes: notes.map(String) }),
      ...(steps && { steps: steps.map(({ what }) => what) }),
    })),
    ...(warnings.length > 0 && { warnings: warnings.map(String) }),
    ...(diagnostics.length > 0 && { diagnostics: diagnosticsData(diagnostics) }),
  }
}
