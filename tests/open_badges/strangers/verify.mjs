// Asks the verifiers of others: Digital Bazaar's for embedded proofs and status lists, jose for JWTs.
// Reads {documents, cases} as JSON from standard input, writes a verdict for each case.
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {importJWK, compactVerify} from 'jose';
import {verifyCredential} from '@digitalbazaar/vc';

async function readAll(stream) {
  const parts = [];
  for await (const part of stream) {
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

const {documents, cases} = JSON.parse(await readAll(process.stdin));
const suite = new DataIntegrityProof({cryptosuite});

async function documentLoader(documentUrl) {
  const document = documents[documentUrl];
  if(document === undefined) {
    throw new Error(`nothing is fetched: ${documentUrl}`);
  }
  return {contextUrl: null, documentUrl, document: structuredClone(document)};
}

async function judgeCredential({credential, now, lists}) {
  const result = await verifyCredential({
    credential, suite, now: new Date(now),
    documentLoader: async url => lists?.[url] ?
      {contextUrl: null, documentUrl: url, document: lists[url]} : documentLoader(url),
    checkStatus: options => checkStatus({...options, verifyBitstringStatusListCredential: true})
  });
  const statuses = (result.statusResult?.results ?? []).map(one => one.status);
  return {
    verified: result.verified === true,
    statuses,
    reason: String(result.error?.errors?.[0]?.message ?? result.error?.message ?? '')
  };
}

async function judgeJwt({jwt, jwk}) {
  try {
    const key = await importJWK(jwk, 'ES256');
    const {payload, protectedHeader} = await compactVerify(jwt, key, {algorithms: ['ES256']});
    return {verified: true, header: protectedHeader, payload: JSON.parse(Buffer.from(payload))};
  } catch(error) {
    return {verified: false, reason: String(error.message)};
  }
}

const verdicts = [];
for(const one of cases) {
  verdicts.push(await (one.jwt === undefined ? judgeCredential(one) : judgeJwt(one)));
}
process.stdout.write(JSON.stringify(verdicts));
