/**
 * Lets one read run at a time: whoever wants another meanwhile gets one that begins afterwards.
 * It never ends a read to begin the next, or a slow answer would never come.
 */
export function oneAtATime(read: () => Promise<void>): () => Promise<void> {
  let isUnderWay = false;
  let isWantedAgain = false;
  return async () => {
    isWantedAgain = isUnderWay;
    if (isUnderWay) return;
    isUnderWay = true;
    try {
      do {
        isWantedAgain = false;
        await read();
      } while (isWantedAgain as boolean);
    } finally {
      isUnderWay = false;
    }
  };
}
