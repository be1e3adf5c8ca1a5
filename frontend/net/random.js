/**
 * Makes a word that nobody else has: 128 random bits in hexadecimal.
 *
 * Not `randomUUID`, which browsers keep from pages that come over plain HTTP from another machine.
 */
export const randomId = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
