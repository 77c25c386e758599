/**
 * What was seen before something was done: shown as it was kept, and to download.
 * It is text from containers and processes, and is shown as nothing but text.
 */
import { useState } from 'preact/hooks';
import { addressOf, get, type Document } from '../api.ts';
import { t } from '../words/language.ts';
import { Said } from './said.tsx';
import { Trouble } from './trouble.tsx';

/** More than this nobody reads on a page; the file has it all. */
const SHOWN_LETTERS = 200_000;

export function Evidence({ path, file }: { path: string; file: string }) {
  const [told, setTold] = useState<{ text: string | null; error: unknown } | null>(null);
  const toggle = async (): Promise<void> => {
    if (told !== null) {
      setTold(null);
      return;
    }
    try {
      const { item } = await get<Document<unknown>>(path);
      setTold({ text: JSON.stringify(item, null, 2), error: null });
    } catch (error) {
      setTold({ text: null, error });
    }
  };
  return (
    <>
      <span class="buttons evidence">
        <button type="button" class="small" aria-expanded={told !== null} onClick={() => void toggle()}>
          {told === null ? t('evidence.show') : t('evidence.hide')}
        </button>
        <a href={addressOf(path)} download={file} aria-label={t('evidence.download', { file })}>
          <Said>{file}</Said>
        </a>
      </span>
      {told?.error === undefined || told.error === null ? null : <Trouble error={told.error} />}
      {told?.text === undefined || told.text === null ? null : (
        <pre class="kept" tabIndex={0}>
          <Said>{told.text.slice(0, SHOWN_LETTERS)}</Said>
          {told.text.length > SHOWN_LETTERS ? `\n${t('evidence.cut')}` : ''}
        </pre>
      )}
    </>
  );
}
