import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import { callApi, getJson } from './api.ts'

/** The person who is signed in, as the console knows them. */
export interface SignedIn {
  readonly login: string
  readonly organization: string
}

const context = createContext<SignedIn | undefined>(undefined)
export const SignedInProvider = context.Provider

/** The person who is signed in: screens are shown to nobody else. */
export function useSignedIn(): SignedIn {
  const signedIn = useContext(context)
  if (signedIn === undefined) throw new Error('nobody is signed in')
  return signedIn
}

/** Finds out who is signed in. `undefined`: nobody is. */
export async function findSignedIn(): Promise<SignedIn | undefined> {
  try {
    const { githubLogin, organizations } = await getJson<{
      githubLogin: string
      organizations: { githubLogin: string }[]
    }>('/api/user')
    return { login: githubLogin, organization: organizations[0]?.githubLogin ?? '' }
  } catch {
    return undefined
  }
}

/** True when the server has people sign in at a provider. */
export async function isBrowserSignInOffered(): Promise<boolean> {
  try {
    return JSON.parse((await callApi('GET', '/sign-in')).text).offered === true
  } catch {
    return false
  }
}

/** Signs in with a token, or with the code of a link, which works once. */
export async function signIn(shown: { readonly token: string } | { readonly code: string }): Promise<void> {
  await callApi('POST', '/sign-in', shown)
}

export async function signOut(): Promise<void> {
  await callApi('POST', '/sign-out', {})
}
