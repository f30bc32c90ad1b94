import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  ListAccessKeysCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam'
import { expect } from 'chai'
import { skipWithout } from '../servers/binary.ts'
import { type MotoServer, missingMoto, motoPackages, startMoto } from '../servers/moto.ts'
import { Program } from './program.ts'

describe('aws-iam against moto, by the built program', function () {
  this.timeout(120_000)
  let moto: MotoServer
  let client: IAMClient
  let program: Program
  const UserName = 'app'

  before(async function () {
    if (!Program.isBuilt()) return this.skip()
    skipWithout(this, missingMoto(), motoPackages)
    moto = await startMoto()
    const credentials = { accessKeyId: 'AKIAEXAMPLE000000000', secretAccessKey: 'example' }
    client = new IAMClient({ endpoint: moto.url, region: 'us-east-1', credentials })
    await client.send(new CreateUserCommand({ UserName }))
    program = new Program()
    Object.assign(program.env, { AWS_ENDPOINT_URL_IAM: moto.url, AWS_ENDPOINT_URL_STS: moto.url })
    await program.withEnvironment(
      'rotators/app',
      `values:
  aws:
    fn::rotate::aws-iam:
      inputs:
        login: {accessKeyId: ${credentials.accessKeyId}, secretAccessKey: {fn::secret: ${credentials.secretAccessKey}}}
        userArn: arn:aws:iam::123456789012:user/${UserName}
`,
    )
  })
  after(async () => {
    program?.remove()
    client?.destroy()
    await moto?.stop()
  })

  const statuses = async () => {
    const { AccessKeyMetadata = [] } = await client.send(new ListAccessKeysCommand({ UserName }))
    return Object.fromEntries(AccessKeyMetadata.map(({ AccessKeyId, Status }) => [AccessKeyId!, Status!]))
  }
  const rotate = (...words: readonly string[]) => program.esc(['env', 'rotate', 'rotators/app', ...words])

  it('takes a foreign key in by --adopt as its hint says, and never deletes the active key for an inactive one', async () => {
    const { AccessKey: byHand } = await client.send(new CreateAccessKeyCommand({ UserName }))
    const foreign = byHand!.AccessKeyId!
    expect((await rotate()).code).to.equal(0)
    const first = (await program.open('rotators/app', 'aws')).current.accessKeyId

    const full = await rotate('--yes')
    expect(full.code).to.equal(1)
    expect(full.err).to.include(`take ${foreign} in with "esc env rotate rotators/app aws --adopt FILE"`)
    expect(await statuses()).to.deep.equal({ [foreign]: 'Active', [first]: 'Active' })

    const file = join(program.folder, 'key.json')
    writeFileSync(file, JSON.stringify({ accessKeyId: foreign, secretAccessKey: byHand!.SecretAccessKey }))
    const adopted = await rotate('aws', '--adopt', file)
    expect(adopted.out, adopted.err).to.include('Credential adopted.')

    // An operator goes back to the other key: the one that is `current` here is refused from now
    // on.
    await client.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId: first, Status: 'Inactive' }))
    const plan = await rotate('--plan')
    expect(plan.out).to.include(`${first} of user app (current, inactive)`)
    const third = await rotate('--yes')
    expect(third.code, third.err).to.equal(0)
    const { current, previous } = await program.open('rotators/app', 'aws')
    expect(previous.accessKeyId).to.equal(foreign)
    expect(previous.secretAccessKey).to.equal(byHand!.SecretAccessKey)
    expect(await statuses()).to.deep.equal({ [foreign]: 'Active', [current.accessKeyId]: 'Active' })
  })
})
