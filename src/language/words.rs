//! Everyday words, letters and endings that give a language away in Latin script. Words of
//! topics are left out; what several languages share counts for each a little.

/// Language, weight, words. Hindi and Telugu weigh more: English is mixed into them, and
/// they are hardly ever mixed into English.
pub(super) const WORDS: &[(&str, f64, &str)] = &[
    (
        "en",
        1.0,
        "a me the and is it of to for with this that i my not have has had but very are be can could when just one were was if you \
         your up from out would get more than really been about some what them their there they we our us use used using has \
         he she his her him its because after before over then into only even still too much many also which who why how where \
         do does did don doesn didn isn wasn aren won can couldn wouldn shouldn ll ve re will am an as at by or so any all ever never \
         every again always no yes on in these those should must may might going go got gonna wanna here now back off \
         make made like want need know think other another while through since until both most such own same few being \
         having doing said says im dont cant didnt doesnt ive thats whats u ur pls thx lol omg wtf",
    ),
    (
        "en",
        0.45,
        "great good bad best worst love loved hate nice awesome terrible horrible amazing excellent poor product service quality \
         work works working worked time day days thanks thank please help time people new old first last way thing things \
         happy sad better right left long little big lot money price buy bought sound phone order ordered received delivery \
         customer support recommend easy disappointed waste broken flight app update today tomorrow tonight yesterday week month \
         year years night morning watch watching see look looking feel come came take took give gave say tell try tried \
         well fast slow cheap expensive perfect fun cool shit fuck damn",
    ),
    (
        "tr",
        1.1,
        "bir çok bu ama için iyi güzel daha gibi kadar ve yok var değil hiç bi kötü ben bence bile sonra olarak göre gayet sadece \
         ederim diye ile cok tek tam fazla biraz ancak gerçekten fakat oldu büyük beni yani önce benim böyle zaten berbat nasıl \
         olan degil biri yine aynı olur şey şu bana artık başka iki pek sen olsun çünkü her mı mi mu mü rağmen neden oluyor \
         şekilde öyle evet hemen bunu gerek şimdi sanki hem sorun konu onun oldukça olduğunu hala hiçbir geliyor olsa kendi \
         falan farklı varsa tüm resmen siz size sizin biz bize bizim onlar ne kim niye acaba lütfen teşekkürler teşekkür tesekkurler \
         merhaba selam günaydın bugün yarın dün içinde içindeki üzere karşı doğru yanlış güzeldi icin guzel kotu nasil lutfen \
         hic gercekten olmaz olmuş oldum olacak yapıyor yapmış etmiyorum aldım aldim geldi gelmedi istiyorum bekliyorum \
         kargo ürün urun iade sipariş siparis rezalet harika süper mükemmel herkes insan gün yeni en da de ki o asla sakın hayırlı \
         allah abi ya işte lan valla vallahi niçin hangi şikayet müşteri",
    ),
    (
        "hi",
        1.7,
        "khud kisi har jaan iss baap hind sakta sakte sakti kare jaye jaaye lagta lagti lagte yahi wahi hone aapne dete lag jaldi kon krne bina bhut hy bada bade badi \
         kia karta karti karte hone hogya jise jisne kisne unhone maine humne tumne usne isne kiski kiska kis iske bas dena gye dikh dikha \
         ko hai hain hu hun hoon ka nahi nhi nahin nai ke aur kya ek koi kuch ye yeh wo woh vo tha thi kar karo kiya kiye karna karne \
         karke krke krna kro kr gaya gya gaye gye gayi aaj abhi kal jo toh bhi bhai bhaiya aap aapka aapke aapko aapki ap apka apke apko apki \
         apna apne apni mera mere meri mujhe mujhko mai mein hum ham hamara hamare humko humare tum tumhara tumko tera tere teri tu tujhe \
         uska uske uski usko unka unke inka iska iske isko isse jab tab kab kahan kaha yahan yaha wahan waha kyu kyun kyon kaise kaisa kaisi \
         kitna kitne kitni bahut bohot bhot bht bahot acha accha achha achi acchi achhi bura sab sabse sabko sirf phir fir lekin magar agar warna \
         hota hoti hote hoga hogi honge rha rhi rhe raha rahi rahe wala wale wali diya diye dena liya liye lena lo dekh dekho dekha dekhna \
         aata aati aaya aayi ayega aayega jata jati jaata jaati jana jao chal chalo baat baar din saal log logo logon apni desh sahi galat kharab \
         kharaab bakwas bakwaas bekar bekaar ghatiya paisa paise rupaye wapas vapas chahiye chaiye chahie milta mila mili milega nikal \
         yaar yar bc mc ji jee matlab samajh pata malum hoke jaisa jaise aisa aise waise itna itne utna tak saath sath baad pehle pahle andar \
         upar niche pe pr se ki tarah bilkul ekdum mast zindagi dil pyar dost kyuki kyunki isliye thoda zyada jyada jada kam kaam naam ghar \
         mat na haan han hann arre are bhagwan sarkar sabhi dono teen char paanch hue hui hua gaye rakha rakho bol bola bolo bolta sun suno \
         kabhi hamesha dobara fayda faltu shukriya dhanyawad namaste jai jay bharat",
    ),
    (
        "te",
        1.7,
        "manchii manchhi manchodu anthe chesina inthe intha prathi mundu ekkuva takkuva koncham neku ane edo edho vadi aithe ayithe istam ishtam pedda chinna andari chese kanna \
         ardam antaru bagund leknda mandi ilanti alanti okati ninnu nannu chey meedha ichav chesthunnaru chesthadu chestaru chestham chesthunna cheppina cheppaledu vunna vundhi vunnadi \
         ledandi kadandi ayyaru ayyadu avutundi avuthundi avthundi ayyayi vastham vastham vasthe vaste unnadu unnaadu ippatiki inthaki inkoti maro maroka vere pakka lekapoyina kavalsina \
         telsu thelusu thelugu telugulo mana meeru miku maatladu matladu matladandi chuddam chudali chesko cheyi vesadu vesaru kottadu kottaru pichi picha dhi ledhura \
         gaa ga ra raa oka ee mee me nee naa nenu chala chaala chalaa chaalaa inka antha anta nuvvu nuvu nuv meeru miru undi vundi unna \
         unnai unnaru unnav kada kadaa kadha kani kaani gurinchi chesi chesaru chesadu chesav chesa cheyyi cheyandi cheyali cheste \
         chesthe chestunnaru kosam ledu ledhu leda ledha lekunda lekundaa lekapothe enduku endhuku entha enti enthi tho thoti kadu kaadu kadhu kakunda malli mari \
         manchi manchiga ala ila ela asalu ayina aina ayindi ayyindi ayyo amma anna annaya akka ayya garu gaaru gadu gaadu ippudu appudu eppudu epudu \
         nundi nunchi meeda mida valla valana matram maatram konchem motham mottham bagundi baagundi bagunnadi bagundhi bagaledu baledu bagoledu bagunnayi \
         ante antey ani anni andaru andariki naku naaku neeku niku meeku maaku maku vaadu vadu vallu vaallu valla adi adhi edi idi idhi \
         cheppu cheppandi chepparu chepthe chudu chudandi chusi chusthe chusaa chusa chustunna raledu rale ravatledu vachindi vachhindi vasthundi vastundi \
         vachadu pettaru pettandi pettav ivvandi ichadu icharu istha teesukoni tisukoni konna konnanu dabbulu emi em emiti evaru evvaru ekkada \
         ikkada akkada roju rojulu rojullo sare avunu avuna kuda kooda kudaa inkaa thappa tappa chetta chettha chetha mosam dandaga \
         lo ki ku ni nu manaki manam mana memu meru vaallaki okkati okka okadu okati padindi poyindi poindi ayipoyindi kavali kaavali bayya mawa \
         anukuntunna anukunna telusu teliyadu telidu anipinchindi undhi undedi untadi untundi unte unnadi annaru annadu pani pandaga cheyadam",
    ),
    (
        "es",
        1.0,
        "el la los las muy y pero es con por para una un uno lo del al que se su sus más mas fue este esta esto esa ese eso como cuando donde \
         sin sobre todo todos toda siempre nos me mi tu te le les yo no si sí hay ser está están estoy son era tiene tengo hace hacer bien bueno buena \
         mejor peor desde hasta también tambien porque aunque así ya nada nadie nunca mucho mucha muchas gracias hoy ayer mañana años día días \
         después antes entre otro otra puede quiero ha han he hemos de en servicio atención excelente ni o muchos aquí allí qué cómo",
    ),
    (
        "de",
        1.0,
        "der die das und ich nicht mit ist auf ein eine einen einem einer für zu von auch sich nach aber bei den im hat aus noch wenn dem des sind \
         wie nur wird dann zum zur mehr sie jetzt als wir haben mir mich dir dich dass schon oder wieder kann heute vor über doch ihr ihre \
         keine kein muss werden bis immer habe hab gut geht man sein gegen wer meine mein bin sehr war einfach diese dieser dieses vom durch \
         er viel warum danke gerade wohl alles ganz weil wurde soll beim machen hier unter wäre würde seit jahr ohne denn eigentlich leute euch \
         weiter endlich erst gleich gute schön schlecht nichts nie damit uns leider tag was wo so es am um da ja nein bitte",
    ),
    (
        "fr",
        1.0,
        "et est une un pour à les pas avec je sur très dans au aux le la de ce des du qui que plus mais ou où tout tous fait cette ces ai sans sont suis \
         nous vous ils elle elles il on ne se sa son ses mon ma mes ton votre notre même comme par rien faire peut vraiment après toujours été bon bonne \
         quand trop quelques moi car vie aussi était cela ça ont donc moins faut avant beaucoup être avoir pourquoi jamais encore merci bonjour \
         depuis en y si leur leurs jour jours oui non chez entre déjà déçu déçue impossible produit livraison service c d j l n s qu",
    ),
    (
        "it",
        1.0,
        "che di è e il lo la gli le un una della del dei delle dal dalla nel nella anche per non io alla al più piu sono tutto tutti fare ancora questo questa \
         bene dopo ora oggi ci perché perche chi mi ti si essere fa fatto contro così cosi come sto può quello quella tra fra degli poi sul sulla da \
         vuole noi voi senza cosa stato stata prima invece però pero molto quanto mia mio mie cui sì niente già gia loro altro altri ho hai ha hanno \
         siamo sei era grazie mai sempre ma con ne se su anni giorni ciao buon buono ottimo pessimo",
    ),
    (
        "pt",
        1.0,
        "não nao é o a os as um uma do da dos das no na nos nas em com por para pra que se eu você voce vc vocês já só muito muita isso esse essa este esta \
         meu minha seu sua mesmo são foi está estou tá tem ter ser mais mas quando ainda vai assim ao à melhor pior quem ele ela eles fazer agora bem nem até \
         bom boa tudo aqui pode pessoas sem depois vou pelo pela quero anos diz há faz também tenho obrigado obrigada hoje ontem sou lá pq porque nada nunca \
         gente coisa dia de te me",
    ),
    // Neighbours that would otherwise look like one of the nine.
    (
        "nl",
        1.0,
        "het een ik niet van voor met zijn maar ook naar heb heeft wordt dit deze wel nog geen mijn jullie wij zij zo dat bij uit \
         worden hebben veel goed meer moet kan waar hoe en de is te op aan er je al om als dan",
    ),
    (
        "id",
        1.0,
        "yang dan di ini itu tidak dengan untuk dari aku saya kamu ada juga sudah bisa akan pada adalah karena lebih sangat banyak \
         gak nggak aja banget kalau kalo tapi udah",
    ),
    (
        "tl",
        1.0,
        "ang mga ng sa ako ikaw siya kami kayo sila hindi po naman lang yung kasi wala pa rin din nga ba sobrang masaya para kung",
    ),
];

/// Language, weight per word, letters.
pub(super) const LETTERS: &[(&str, f64, &[char])] = &[
    ("tr", 0.9, &['ğ', 'ı', 'ş']),
    ("tr", 0.2, &['ü', 'ö', 'ç']),
    ("de", 0.7, &['ß', 'ä']),
    ("de", 0.25, &['ö', 'ü']),
    ("es", 0.8, &['ñ', '¿', '¡']),
    ("es", 0.3, &['á', 'í', 'ó', 'ú']),
    ("pt", 0.8, &['ã', 'õ']),
    ("pt", 0.2, &['á', 'ê', 'ç', 'ó', 'í']),
    ("fr", 0.4, &['è', 'ê', 'œ', 'û', 'î', 'ë', 'à', 'é']),
    ("it", 0.4, &['ò', 'ù', 'ì', 'è', 'à']),
];

/// Language, weight, endings of longer words that no list holds.
pub(super) const ENDINGS: &[(&str, f64, &str)] = &[
    ("en", 0.35, "ing tion ness ould ight ough ful less ly ed"),
    (
        "tr",
        0.6,
        "iyor ıyor uyor üyor iyorum ıyorum uyorum üyorum lar ler ları leri dır dir mış miş muş müş mak mek dım dim dum tım tim \
         madı medi acak ecek larım lerim inde ında ından inden sınız siniz yorsunuz mıyor miyor",
    ),
    (
        "te",
        0.6,
        "alani atam adam inaru undhi andhi unnai chav chandi nchi tham aadu undhi undhey aledhu uthadu uthadu uthunna utunna ukunna inadi inatu estha istha istunna isthunna undi andi nnaru nnadu nnav nnanu aaru chadu charu indi inchi tunna tunnaru thunna thunnaru aledu atledu atle uthundi utundi \
         osam aniki iki alni ulu amma adam adhu taru tharu tadu thadu alli anna akunda",
    ),
    (
        "hi",
        0.5,
        "enge unga oonga ogey ongi ega egi iye iyega wala wale wali kar karke ogaya gaya",
    ),
    (
        "es",
        0.4,
        "ción ciones amos emos ando iendo mente idad aron ieron",
    ),
    ("pt", 0.4, "ção ções mente ando endo inho inha ram"),
    ("fr", 0.4, "ment eux euse aient tion ité"),
    ("de", 0.4, "ung lich keit heit schaft isch igen en"),
    ("it", 0.4, "zione zioni mente ità ando endo issimo issima"),
];
