/**
 * A search that lives in the address: what is typed goes there once the typing rests.
 * It never takes a letter back from whoever types.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../words/language.ts';

const RESTS_MS = 300;

export function SearchField({
  value,
  onSearch,
  hint,
}: {
  value: string;
  onSearch: (text: string) => void;
  hint: string;
}) {
  const [typed, setTyped] = useState(value);
  const given = useRef(value);
  // The address was changed by something else than this field.
  useEffect(() => {
    if (value !== given.current) setTyped(value);
    given.current = value;
  }, [value]);
  useEffect(() => {
    if (typed === given.current) return;
    const timer = setTimeout(() => {
      given.current = typed;
      onSearch(typed);
    }, RESTS_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <label>
      <span class="visually-hidden">{t('keys.search')}</span>
      <input
        type="search"
        placeholder={hint}
        maxLength={200}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
    </label>
  );
}
