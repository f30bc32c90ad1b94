import { CreateUserCommand, IAMClient } from '@aws-sdk/client-iam'
import { findBinary, missingBinaries } from '../../servers/binary.ts'
import { containerEngine, containerPackages, missingContainers } from '../../servers/containers.ts'
import { missingMoto, motoPackages, startMoto } from '../../servers/moto.ts'
import { missingOpenBao, openBaoPackages } from '../../servers/openbao.ts'
import { startPostgres } from '../../servers/postgres.ts'
import { setEscCloud, setSops, setVault } from './moving-stages.ts'
import type { SetStage } from './play.ts'
import { browserPackages, missingBrowser, setServer } from './server-stage.ts'

/** What the transcripts of one page need beside the built program. */
export interface PageStage {
  /** Programs that are needed and not installed. */
  missing(): readonly string[]
  /** Where they come from, for the line that says what was skipped. */
  readonly packages: string
  set?(): Promise<SetStage>
}

/** By page. A page that is not here needs nothing. */
export const STAGES: Readonly<Record<string, PageStage>> = {
  'docs/coming-from/sops.md': { missing: () => [], packages: '', set: setSops },
  'docs/coming-from/pulumi-esc.md': { missing: () => [], packages: '', set: setEscCloud },
  'docs/coming-from/dotenv.md': {
    missing: () => missingBinaries('dotenvx'),
    packages: 'dotenvx of npm',
  },
  'docs/coming-from/vault.md': {
    missing: () => [...missingOpenBao(), ...missingBinaries('jq')],
    packages: `jq; ${openBaoPackages}`,
    set: setVault,
  },
  'docs/how-to/rotate-postgresql.md': {
    missing: () => missingBinaries('psql'),
    packages: 'postgresql-client',
    set: setPostgres,
  },
  'docs/how-to/rotate-on-a-server.md': { missing: missingBrowser, packages: browserPackages, set: setServer },
  'docs/how-to/rotate-aws-keys.md': { missing: missingMoto, packages: motoPackages, set: setAws },
  'docs/how-to/docker.md': { missing: missingContainers, packages: containerPackages, set: setContainers },
  'docs/how-to/shells.md': { missing: () => missingBinaries('direnv', 'fish'), packages: 'direnv fish' },
  'docs/how-to/terraform.md': {
    missing: () => ((findBinary('terraform') ?? findBinary('tofu')) ? [] : ['terraform']),
    packages: 'terraform from its vendor, or tofu',
    set: setTerraform,
  },
}

/** A database of its own with the superuser `postgres`, at the host and port that pages name. */
async function setPostgres(): Promise<SetStage> {
  const server = await startPostgres()
  await server.sql(`CREATE ROLE postgres SUPERUSER LOGIN PASSWORD 'superuser'`, 'CREATE DATABASE app')
  return {
    env: { PGPASSWORD: 'superuser' },
    replaced: { [server.host]: 'db.example.org', [String(server.port)]: '5432' },
    strike: () => server.stop(),
  }
}

/** IAM and STS as moto plays them, with the user whose keys are rotated. */
async function setAws(): Promise<SetStage> {
  const server = await startMoto()
  const credentials = { accessKeyId: 'AKIAEXAMPLE000000000', secretAccessKey: 'example' }
  const client = new IAMClient({ endpoint: server.url, region: 'us-east-1', credentials })
  await client.send(new CreateUserCommand({ UserName: 'app' }))
  client.destroy()
  return {
    env: { AWS_ENDPOINT_URL_IAM: server.url, AWS_ENDPOINT_URL_STS: server.url },
    replaced: { [server.url]: 'https://iam.amazonaws.com' },
    strike: () => server.stop(),
  }
}

/** `terraform` is OpenTofu where only that is installed. Neither asks its vendor for news. */
async function setTerraform(): Promise<SetStage> {
  const program = findBinary('terraform') ?? findBinary('tofu')!
  return {
    env: { CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1', TF_CLI_ARGS: '-no-color', TF_CLI_CONFIG_FILE: '/dev/null' },
    programs: { terraform: program },
    strike: async () => {},
  }
}

/** An engine with an image `alpine`: a shell and its programs. */
async function setContainers(): Promise<SetStage> {
  const engine = containerEngine()
  return { programs: { docker: engine.program }, strike: async () => engine.remove() }
}
