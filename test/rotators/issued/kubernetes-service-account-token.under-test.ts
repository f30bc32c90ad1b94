import { secret } from '../../../src/secret.ts'
import { issued } from '../../crash-matrix/problems.ts'
import { issuedGood, rotations, type shown, without } from '../bad.ts'
import type { RotatorUnderTest } from '../rotator-under-test.ts'
import { kubernetesVendor } from './kubernetes-vendor.ts'

const configuration = 'network: {privateHosts: [127.0.0.1]}\n'

export const underTest: RotatorUnderTest = {
  vendor: 'fake Kubernetes',
  async start() {
    const subject = issued(await kubernetesVendor(), (each) => ({ ...each, token: secret(each.token) }))
    return { ...subject, env: {}, configuration }
  },
  badInputs: rotations({
    configuration,
    start: async () => ({ ...issuedGood(await kubernetesVendor()), routes: {} }),
    bad: {
      'no server': without('server'),
      'no namespace': without('namespace'),
      'a server without TLS': {
        set: { server: 'http://127.0.0.1:6443' },
        says: ['`server` is not the https:// address'],
        remedy: /https:\/\/10\.0\.0\.1:6443/,
      },
      'a server with a password': {
        set: { server: 'https://a:canary-in-url@127.0.0.1' },
        says: ['`server` is not the https:// address'],
        remedy: /6443/,
      },
      'a private address': { set: { server: 'https://10.0.0.1:6443' }, says: ['10.0.0.1'], remedy: /privateHosts/ },
      'nobody who logs in': {
        set: { login: undefined },
        says: ['nothing says who logs in'],
        remedy: /`login: \{token\}`/,
      },
      'a token with a line break': {
        set: { 'login.token': secret('canary\nx') },
        says: ['`login.token` is not a token'],
        remedy: /line breaks/,
      },
      'a wrong token': { set: { 'login.token': secret('canary-wrong') }, says: ['Unauthorized'], remedy: /`login`/ },
      'an authority that is none': { set: { 'tls.ca': 'canary' }, says: ['`tls.ca`'] },
      'an authority of others': {
        set: { tls: undefined },
        says: [/SELF_SIGNED|UNABLE_TO_VERIFY/],
        remedy: /`tls.ca`/,
      },
      'no TLS at all': { set: { 'tls.mode': 'disable' }, says: ['`tls'] },
      'an account nobody knows': {
        set: { serviceAccount: 'nobody' },
        says: ['nobody'],
        remedy: /kubectl create serviceaccount|role/,
      },
      'a namespace that is none': { set: { namespace: '../kube-system' }, says: ['must match the pattern'] },
      'a life that is too short': shownNumber('lifetimeInHours', 0.1, /1 to 8760/),
      'audiences without an end': {
        set: { audiences: ['vault'] },
        says: ['`audiences` is given without `lifetimeInHours`'],
        remedy: /without an end/,
      },
      'a misspelt input': { set: { account: 'x' }, says: ['unknown property "account"'] },
    },
  }),
}

function shownNumber(path: string, value: number, remedy: RegExp): ReturnType<typeof shown> {
  return { set: { [path]: value }, says: [`\`${path}\` is ${value}`], remedy }
}
