// Bundled by itself and loaded by a server when somebody first shows an identity token, or signs
// in with a browser.
export {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch as jwksFetch,
  decodeJwt,
  errors as joseErrors,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose'
export {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientSecretBasic,
  calculatePKCECodeChallenge,
  clockTolerance,
  customFetch as clientFetch,
  discovery,
  enableNonRepudiationChecks,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client'
