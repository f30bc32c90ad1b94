import { generateKeyPairSync, type KeyPairKeyObjectResult } from 'node:crypto'

const pairs: KeyPairKeyObjectResult[] = []

/**
 * RSA key pairs of 2048 bits, each different from the others of the same supply. Making one takes a
 * quarter of a second, so that every supply of a process hands out the same pairs in the same
 * order.
 */
export class RsaPairs {
  #used = 0

  next(): KeyPairKeyObjectResult {
    const at = this.#used++
    pairs[at] ??= generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 0x10001 })
    return pairs[at]
  }
}
