/**
 * Puts together all that is kept of something and of what led to it, as one document that may be handed on.
 * It hides what looks like a secret, stays within its size, and says what is missing and why.
 */
import { withoutSecretTexts } from '../secretText.ts';
import type { EvidenceBundle, WhyView } from './historyDoor.ts';

const MOST_BYTES = 4 * 1024 * 1024;
const MOST_OF_ONE_BYTES = 1024 * 1024;
const MOST_DOCUMENTS = 20;

export async function bundleOf(
  why: WhyView,
  readDocument: (file: string) => Promise<unknown>,
): Promise<EvidenceBundle> {
  const missing: string[] = [];
  const documents: { file: string; document: unknown }[] = [];
  let bytes = 0;
  const files = [...new Set(why.steps.map(({ evidenceFile }) => evidenceFile))].filter(
    (file) => file !== null,
  );
  if (files.length === 0) missing.push('no evidence file: nothing was kept before any of these steps');
  for (const file of files) {
    const document = documents.length < MOST_DOCUMENTS ? await readDocument(file) : undefined;
    const size = JSON.stringify(document ?? null).length;
    const because = whyNot({ document, size, bytes });
    if (because !== null) missing.push(`incidents/${file}: ${because}`);
    else {
      bytes += size;
      documents.push({ file, document });
    }
  }
  if (!why.isWhole)
    missing.push(
      `what happened before ${why.searchedBackTo ?? 'that'}: so far back the journal was not read for this`,
    );
  if (why.damaged > 0) missing.push(`${String(why.damaged)} lines of the journal: they could not be read`);
  missing.push('whatever looks like a secret: it is replaced by ***');
  return withoutSecretTexts({ why, documents, missing }) as EvidenceBundle;
}

function whyNot(seen: { document: unknown; size: number; bytes: number }): string | null {
  if (seen.document === undefined)
    return `more than ${String(MOST_DOCUMENTS)} files would be too much; it is on disk`;
  if (seen.document === null)
    return 'it is gone (retention.incidents says how long evidence is kept) or damaged';
  if (seen.size > MOST_OF_ONE_BYTES)
    return `it has ${String(seen.size)} bytes, and one file may have ${String(MOST_OF_ONE_BYTES)} here; it is on disk`;
  if (seen.bytes + seen.size > MOST_BYTES)
    return `all files together may have ${String(MOST_BYTES)} bytes here; it is on disk`;
  return null;
}
