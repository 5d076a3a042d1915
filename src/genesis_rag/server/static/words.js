// Every word of the interface, in both languages.

export const WORDS = {
  en: {
    skip: "Go to the question",
    theme: "Light or dark",
    interface: "Language of this page",
    title: "Ask your documents.",
    lead: "In Japanese or English. Every sentence of the answer points at the exact words that support it.",
    question: "Your question",
    placeholder: "Ask a question",
    ask: "Ask",
    stop: "Stop",
    examples: "For example",
    searching: "Searching the documents",
    reading: (count) => `Reading ${count} passage${count === 1 ? "" : "s"}`,
    sources: "Sources",
    nearest: "Nearest passages",
    page: (page) => `p. ${page}`,
    marker: (n, title) => `Source ${n}: ${title}`,
    abstained: "Not in these documents",
    emptyIndex: "There are no documents yet",
    previous: "Previous quotation",
    next: "Next quotation",
    close: "Close the document",
    earlier: "Earlier part",
    later: "Later part",
    opening: "Opening the document",
    closing: (seconds) => `Quotations chosen by the built-in reader in ${seconds} s.`,
    written: (seconds) => `Answered in ${seconds} s.`,
    unreachable: "The server cannot be reached.",
    unreachableHint: "Is genesis-rag still running?",
    retry: "Try again",
    promise: "Runs on this machine; nothing leaves it.",
    keyNeeded: "This server asks for an API key",
    use: "Use it",
    exampleQuestions: [
      "How much will Japan and the US invest?",
      "Which fields will they work on together?",
      "日本はジェネシス・ミッションにいくら投資しますか？",
    ],
  },
  ja: {
    skip: "質問へ移動",
    theme: "明るさの切り替え",
    interface: "このページの言語",
    title: "手元の文書に、たずねる。",
    lead: "日本語でも英語でも。答えの一文一文が、その根拠となる原文の箇所を指し示します。",
    question: "質問",
    placeholder: "質問を入力",
    ask: "たずねる",
    stop: "中止",
    examples: "たとえば",
    searching: "文書を探しています",
    reading: (count) => `${count} 箇所を読んでいます`,
    sources: "出典",
    nearest: "近い箇所",
    page: (page) => `${page}ページ`,
    marker: (n, title) => `出典 ${n}：${title}`,
    abstained: "この文書群には見当たりません",
    emptyIndex: "文書がまだありません",
    previous: "前の引用",
    next: "次の引用",
    close: "文書を閉じる",
    earlier: "前の部分",
    later: "続きの部分",
    opening: "文書を開いています",
    closing: (seconds) => `内蔵の読み取り器が ${seconds} 秒で原文から選んだ引用です。`,
    written: (seconds) => `${seconds} 秒で回答しました。`,
    unreachable: "サーバーに接続できません。",
    unreachableHint: "genesis-rag が動いているか確認してください。",
    retry: "もう一度",
    promise: "すべてこの機械の中で動きます。外には何も送りません。",
    keyNeeded: "このサーバーには API キーが必要です",
    use: "使う",
    exampleQuestions: [
      "日本はジェネシス・ミッションにいくら投資しますか？",
      "日米の連携領域は何ですか？",
      "How much will Japan and the US invest?",
    ],
  },
};

const KEPT = "genesis-rag.interface";

/** The interface language: the one chosen before, else the browser's. */
export function initialInterface() {
  const kept = localStorage.getItem(KEPT);
  if (kept in WORDS) return kept;
  return (navigator.languages?.[0] ?? navigator.language ?? "en").toLowerCase().startsWith("ja") ? "ja" : "en";
}

export function keepInterface(language) {
  localStorage.setItem(KEPT, language);
}
