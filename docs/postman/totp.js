// Sets `code` to the one-time password (RFC 6238) of `totp_secret`, `steps` of 30 s from now. CryptoJS is there by itself.
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const bits = [...pm.collectionVariables.get('totp_secret')]
  .map(letter => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
const key = bits.match(/.{8}/g).map(byte => parseInt(byte, 2).toString(16).padStart(2, '0')).join('');
const counter = Math.floor(Date.now() / 30000) + steps;
const mac = CryptoJS.HmacSHA1(
  CryptoJS.enc.Hex.parse(counter.toString(16).padStart(16, '0')), CryptoJS.enc.Hex.parse(key),
).toString();
const offset = parseInt(mac.slice(-1), 16) * 2;
const number = parseInt(mac.slice(offset, offset + 8), 16) & 0x7fffffff;
pm.collectionVariables.set('code', String(number % 1000000).padStart(6, '0'));
